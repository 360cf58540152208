import pytest

from jupyter_mlpipe.analysis.canonical import canonical_hash
from jupyter_mlpipe.analysis.statements import read_statements
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.errors import NotebookError
from jupyter_mlpipe.model.pipeline import CodeArchive, FanOut
from jupyter_mlpipe.model.run import (
    Dependency,
    DependencyKind,
    Input,
    Output,
    Run,
    Status,
    StepRun,
)
from jupyter_mlpipe.pipelines.compile import compile_notebook, with_code
from jupyter_mlpipe.pipelines.definitions import definitions_of, names_of, stateful_classes
from jupyter_mlpipe.pipelines.facts import read_facts
from jupyter_mlpipe.tracking.sql import SqlMetadataStore

LOAD = "%%step load\ndf = [1, 2]"
LOOK = "%%step look\ntotal = sum(df)"
CHANGE = "%%step change\ndf.append(3)"
USE = "%%step use\nprint(df)"


@pytest.fixture
def metadata(tmp_path):
    store = SqlMetadataStore(f"sqlite:///{tmp_path / 'm.db'}")
    yield store
    store.close()


def record(metadata, step, source, *, reads=(), leaves=(), pipeline="study", deleted=()):
    names = dict.fromkeys((*reads, *leaves))
    versions = [
        ArtifactVersion(f"{step}-{n}", f"{step}.{n}", "d", "m", step_run=step) for n in names
    ]
    run = StepRun(
        step, "r", pipeline, step, Status.SUCCEEDED, 1.0,
        cell_hash=canonical_hash(source), deleted=deleted,
        inputs=tuple(Input(n, f"{step}-{n}") for n in reads),
        outputs=tuple(Output(n, f"{step}-{n}") for n in leaves),
    )  # fmt: skip
    metadata.append((Run("r", pipeline, "notebook", Status.RUNNING, 1.0), *versions, run))


def sources(pipeline, step, variable):
    found = next(s for s in pipeline.steps if s.name == step)
    return next(i.sources for i in found.inputs if i.variable == variable)


def test_a_step_reads_from_the_earlier_step_that_makes_its_variable(notebook):
    pipeline = compile_notebook(notebook(LOAD, USE), None)
    assert sources(pipeline, "use", "df") == ("load",)
    assert pipeline.steps[1].depends_on == ("load",)


def test_a_reader_not_on_record_may_have_changed_what_it_read(notebook):
    pipeline = compile_notebook(notebook(LOAD, LOOK, USE), None)
    assert sources(pipeline, "use", "df") == ("load", "look")
    assert "load, look, use" in pipeline.warnings[0]


def test_a_reader_on_record_that_changed_nothing_runs_beside_the_others(notebook, metadata):
    record(metadata, "look", "total = sum(df)", reads=["df"], leaves=["total"])
    pipeline = compile_notebook(notebook(LOAD, LOOK, USE), metadata)
    assert sources(pipeline, "use", "df") == ("load",)
    assert "look" not in pipeline.warnings[0]


def test_a_recorded_change_in_place_is_waited_for(notebook, metadata):
    record(metadata, "change", "df.append(3)", reads=["df"], leaves=["df"])
    pipeline = compile_notebook(notebook(LOAD, CHANGE, USE), metadata)
    assert sources(pipeline, "use", "df") == ("load", "change")


def test_a_record_of_another_form_of_the_cell_does_not_count(notebook, metadata):
    record(metadata, "look", "total = len(df)", reads=["df"], leaves=["total"])
    pipeline = compile_notebook(notebook(LOAD, LOOK, USE), metadata)
    assert sources(pipeline, "use", "df") == ("load", "look")


def test_a_step_may_change_a_variable_through_another_name_for_it(notebook):
    alias = "%%step alias\nview = df"
    through = "%%step through\nview.append(1)"
    pipeline = compile_notebook(notebook(LOAD, alias, through, USE), None)
    assert sources(pipeline, "use", "df") == ("load", "alias", "through")


def test_steps_that_share_nothing_do_not_wait_for_each_other(notebook):
    pipeline = compile_notebook(notebook("%%step a\nx = [1]", "%%step b\ny = [2]"), None)
    assert [step.depends_on for step in pipeline.steps] == [(), ()]


def test_what_a_helper_reads_counts_for_the_step_that_calls_it(notebook):
    helper = "def helper():\n    return df"
    pipeline = compile_notebook(notebook(LOAD, helper, "%%step use\nprint(helper())"), None)
    assert sources(pipeline, "use", "df") == ("load",)


def test_an_untagged_constant_bound_after_a_step_hides_what_the_step_left(notebook):
    pipeline = compile_notebook(notebook(LOAD, "df = 5", USE), None)
    assert pipeline.steps[1].inputs == ()


def test_a_list_written_in_an_untagged_cell_is_waited_for_where_a_step_may_change_it(notebook):
    cells = ("NAMES = []", "%%step add\nNAMES.append(1)", "%%step use\nprint(NAMES)")
    pipeline = compile_notebook(notebook(*cells), None)
    assert sources(pipeline, "use", "NAMES") == ("add",)


def test_a_class_whose_base_counts_is_waited_for(notebook):
    count = "class Counts:\n  def hit(self): type(self).hits = 1\nclass A(Counts): pass"
    pipeline = compile_notebook(
        notebook(count, "%%step hit\nA().hit()", "%%step see\nA.hits"), None
    )
    assert pipeline.steps[1].depends_on == ("hit",)


@pytest.mark.parametrize(
    ("attribute", "found"),
    [("pool: list = []", {"P"}), ("n: int = 0", set()), ("n: list = field()", set())],
)
def test_a_class_whose_attribute_may_change_may_be_changed_by_a_step(attribute, found):
    assert stateful_classes(read_statements(f"class P:\n  {attribute}")) == found


def test_imports_and_functions_of_a_step_are_code_and_no_data(notebook):
    first = "%%step first\nimport math\ndef double(x):\n    return 2 * x"
    pipeline = compile_notebook(notebook(first, "%%step second\nprint(double(math.pi))"), None)
    assert pipeline.steps[1].inputs == ()
    assert pipeline.steps[0].outputs == ()


def test_options_and_parameters_reach_the_pipeline(notebook):
    cells = ("%%params\nlr: float = 0.1", "%%step fit --cpu 2 --retries 3 --timeout 60\nm = lr")
    step = compile_notebook(notebook(*cells), None).steps[0]
    assert (step.resources.cpu, step.retries.max, step.timeout) == (2, 3, 60)
    assert step.parameters == ("lr",)


def test_ids_are_safe_and_unique_whatever_the_names(notebook):
    names = ["'Träin it!'", "'träin-it'", "'🎉'", f"'{'x' * 300}'"]
    cells = [f"%%step {name}\nv{i} = 1" for i, name in enumerate(names)]
    ids = [step.id for step in compile_notebook(notebook(*cells), None).steps]
    assert ids == ["train-it", "train-it-2", "step", "x" * 48]


def test_formatting_and_running_leave_the_version_alone_and_edits_do_not(notebook, metadata):
    first = compile_notebook(notebook(LOAD, LOOK), None).version
    record(metadata, "look", "total = sum(df)", reads=["df"], leaves=["total"])
    assert compile_notebook(notebook(LOAD, f"{LOOK}  # a comment"), metadata).version == first
    assert compile_notebook(notebook(LOAD, f"{LOOK} + 1"), None).version != first


def test_editing_a_helper_changes_the_version(notebook):
    one = compile_notebook(notebook("def f():\n    return 1", "%%step a\nx = f()"), None)
    two = compile_notebook(notebook("def f():\n    return 2", "%%step a\nx = f()"), None)
    assert one.version != two.version


def test_a_cell_that_is_not_python_is_named(notebook):
    with pytest.raises(NotebookError, match=r"cell 1 \(%%step a\)"):
        compile_notebook(notebook("%%step a\nx = = 1"), None)


def test_the_command_is_a_list_of_arguments(notebook):
    pipeline = with_code(compile_notebook(notebook(LOAD), None), CodeArchive("/a b.tar.gz", "ff"))
    assert pipeline.steps[0].command == (
        *("python", "-m", "jupyter_mlpipe", "run-step"),
        *("--pipeline", "/a b.tar.gz", "--sha256", "ff", "--step", "load"),
    )


def test_the_class_of_a_value_comes_along_to_every_step_that_reads_the_value(notebook):
    cells = ("class Box:\n    pass", "%%step a\nbox = Box()", "%%step b\nboxes = [box]")
    book = notebook(*cells, "%%step c\nprint(boxes)", "%%step d\nprint(1)")
    facts = read_facts(book, definitions_of(book), None)
    assert ["Box" in names_of(fact.definitions) for fact in facts] == [True, True, True, False]


def test_a_mapped_step_says_what_it_is_mapped_over_and_waits_for_it(notebook):
    cells = ("%%step a\nxs = [1]", "%%step b --map x=xs\ny = x", "%%step c\nz = y")
    steps = compile_notebook(notebook(*cells), None).steps
    assert steps[1].fan_out == FanOut("xs", "x")
    assert [step.depends_on for step in steps] == [(), ("a",), ("b",)]
    assert [read.variable for read in steps[1].inputs] == ["xs"]


def test_who_takes_a_file_away_waits_for_those_who_put_it_there_with_its_path(notebook, metadata):
    write, look, remove = "p = folder()", "q = str(p)", "(p / 'x').unlink()"
    wrote = Dependency(DependencyKind.WRITTEN, "/data/x", "d")
    path = ArtifactVersion("p1", "p", "d", "m", materializer="files", step_run="write")
    for step, source, facts in (
        ("write", write, {"outputs": (Output("p", "p1"),), "dependencies": (wrote,)}),
        ("look", look, {"inputs": (Input("p", "p1"),)}),
        ("remove", remove, {"inputs": (Input("p", "p1"),), "dependencies": (wrote,)}),
    ):
        run = StepRun(step, "r", "study", step, Status.SUCCEEDED, 1.0,
                      cell_hash=canonical_hash(source), **facts)  # fmt: skip
        versions = (path,) if step == "write" else ()
        metadata.append((Run("r", "study", "notebook", Status.RUNNING, 1.0), *versions, run))
    cells = (f"%%step write\n{write}", f"%%step look\n{look}", f"%%step remove\n{remove}")
    steps = {step.name: step for step in compile_notebook(notebook(*cells), metadata).steps}
    assert steps["look"].depends_on == ("write",)
    assert set(steps["remove"].depends_on) == {"write", "look"}
