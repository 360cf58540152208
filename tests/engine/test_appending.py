"""What becomes of a step when another process took the name of its version meanwhile."""

import sys
from pathlib import Path

import pytest

from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.tracking.store import Query

ROOT = Path(__file__).parents[2]
ELSEWHERE = """
import sys
from pathlib import Path
sys.path[:0] = [{root!r}]
from tests.engine.sessions import Session
session = Session(Path({folder!r}), run="r2")
report = session.step("%%step {step} --out df=iris --version raw_2023\\ndf = ['{step}']")
assert report.step_run.status == "succeeded"
session.context.metadata.close()
"""


@pytest.fixture
def elsewhere(tmp_path):
    """A cell's text that has another process run a step and waits for its end."""

    def text(step):
        program = ELSEWHERE.format(root=str(ROOT), folder=str(tmp_path), step=step)
        command = [sys.executable, "-c", program]
        return f"import subprocess\nsubprocess.run({command!r}, check=True)"

    return text


def test_a_step_whose_version_name_was_taken_while_it_ran_is_recorded_all_the_same(
    session, elsewhere
):
    session.step("%%step first\nn = 1")
    cell = f"%%step load --out df=iris --version raw_2023 --tag raw\n{elsewhere('other')}\ndf = [1]"
    report = session.step(cell)
    ((_, version),) = report.outputs
    assert (report.step_run.status, version.version, version.version_name) == ("succeeded", 2, None)
    told = (
        "`df`: the version 'raw_2023' of 'iris' was taken meanwhile by run 2 (step other), "
        "so this one is v2"
    )
    assert [line for line in report.warnings if "'iris'" in line] == [told]
    recorded = session.context.metadata.find(Query(ArtifactVersion, {"name": "iris"})).items
    assert {(v.version, v.version_name, v.tags) for v in recorded} == {
        (1, "raw_2023", ()),
        (2, None, ("raw",)),
    }
    (load,) = session.records(step="load")
    assert [output.version_id for output in load.outputs] == [version.id]
    assert session.context.values.load(version) == [1]


def test_versions_beside_the_one_whose_name_was_taken_keep_theirs(session, elsewhere):
    cell = (
        "%%step load --out df=iris,size=iris_size --version raw_2023\n"
        f"{elsewhere('other')}\ndf = [1]\nsize = 1"
    )
    report = session.step(cell)
    labels = {output.variable: version.label for output, version in report.outputs}
    assert labels == {"df": "v2", "size": "raw_2023"}
