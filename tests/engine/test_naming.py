"""Names, versions, tags and metadata that a step's outputs are given."""

import pytest

from jupyter_mlpipe.model.artifact import ArtifactConfig, ArtifactType, ArtifactVersion
from jupyter_mlpipe.model.errors import NotebookError

IMPORTS = "from typing import Annotated\nfrom jupyter_mlpipe import ArtifactConfig"


def left(report):
    ((_, version),) = report.outputs
    return version


@pytest.fixture
def annotating(session):
    session.plain(IMPORTS)
    return session


def test_an_annotation_names_an_output(annotating):
    version = left(annotating.step('%%step load\ndf: Annotated[list, "iris"] = [1]'))
    assert (version.name, version.version, version.version_name) == ("iris", 1, None)


def test_a_config_in_an_annotation_says_all_there_is_to_say(annotating):
    version = left(
        annotating.step(
            "%%step load\ndf: Annotated[list, ArtifactConfig(name='iris', version='raw_2023', "
            "tags=['raw', 'x'], artifact_type='DATA_ANALYSIS', run_metadata={'rows': 1})] = [1]"
        )
    )
    assert (version.name, version.version_name) == ("iris", "raw_2023")
    assert (version.tags, version.metadata) == (("raw", "x"), {"rows": 1})
    assert version.type is ArtifactType.DATA_ANALYSIS


def test_a_version_may_be_the_name_of_a_constant(annotating):
    annotating.plain("RELEASE = 'v1.0'")
    version = left(
        annotating.step(
            "%%step load\ndf: Annotated[list, ArtifactConfig(version=f'{RELEASE}-rc')] = [1]"
        )
    )
    assert version.version_name == "v1.0-rc"


@pytest.mark.parametrize("said", ["version=make()", "version=V", "tags=[V]"])
def test_what_only_the_cell_could_tell_is_refused_before_it_runs(annotating, said):
    annotating.plain("def make(): raise AssertionError('it ran')")
    with pytest.raises(NotebookError, match=r"`df`.*not known before the cell runs"):
        annotating.step(
            f"%%step load\nV = 'v1'\ndf: Annotated[list, ArtifactConfig({said})] = make()"
        )


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("colour='red'", "has no 'colour'"),
        ("version='3'", "looks like a number"),
        ("tags='x'", "list of texts"),
        ("artifact_type='PICTURE'", "is no artifact type"),
        ("name=''", "name is a text"),
    ],
)
def test_a_config_that_makes_no_sense_is_refused_with_what_is_expected(annotating, said, problem):
    with pytest.raises(NotebookError, match=problem):
        annotating.step(f"%%step load\ndf: Annotated[list, ArtifactConfig({said})] = [1]")


def test_a_version_that_is_taken_is_refused_before_the_cell_runs(annotating):
    cell = "%%step load\ndf: Annotated[list, ArtifactConfig('iris', 'v1')] = [{}]\nran.append(1)"
    annotating.plain("ran = []")
    annotating.step(cell.format(1))
    with pytest.raises(NotebookError, match="'iris' already has a version 'v1'"):
        annotating.step(cell.format(2))
    assert annotating["ran"] == [1]


def test_a_step_that_did_not_change_is_a_hit_although_its_version_is_taken(session):
    first = session.step("%%step load --out df=iris --version v1\ndf = [1]")
    again = session.step("%%step load --out df=iris --version v1\ndf = [1]")
    assert again.step_run.status == "cached"
    assert left(again).id == left(first).id


def test_two_outputs_cannot_be_one_version(session):
    with pytest.raises(NotebookError, match="`a` and `b` would both be the version 'v1'"):
        session.step("%%step load --out a=x,b=x --version v1\na = 1\nb = 2")


def test_the_line_wins_over_the_annotation_and_tags_add_up(annotating):
    version = left(
        annotating.step(
            "%%step load --out df=flowers --tag line --type df=MODEL\n"
            "df: Annotated[list, ArtifactConfig(name='iris', tags=['cell'])] = [1]"
        )
    )
    assert (version.name, version.tags) == ("flowers", ("cell", "line"))
    assert version.type is ArtifactType.MODEL


def test_another_tag_is_no_reason_to_run_again_and_is_given_to_the_earlier_version(session):
    session.step("%%step load --tag old --meta team=a\ndf = [1]")
    again = session.step("%%step load --tag new --meta team=b\ndf = [1]")
    assert again.step_run.status == "cached"
    stored = session.context.metadata.get(ArtifactVersion, left(again).id)
    assert (stored.tags, stored.metadata) == (("old", "new"), {"team": "b"})


def test_another_name_is_a_reason(session):
    session.step("%%step load --out df=a\ndf = [1]")
    assert left(session.step("%%step load --out df=b\ndf = [1]")).name == "b"


def test_elements_of_a_mapped_step_leave_the_version_name_to_their_list(annotating):
    annotating.plain("xs = [1, 2]")
    report = annotating.step(
        "%%step square --map x=xs\ny: Annotated[int, ArtifactConfig('ys', 'v1')] = x * x"
    )
    assert left(report).version_name == "v1"
    assert annotating["y"] == [1, 4]


def test_other_annotations_say_nothing(annotating):
    version = left(annotating.step("%%step load\ndf: Annotated[list, 3, print] = [1]"))
    assert version.name == "study::load::df"


def test_a_config_is_a_plain_record():
    assert ArtifactConfig("iris", tags=["a"]) == ArtifactConfig(name="iris", tags=["a"])
