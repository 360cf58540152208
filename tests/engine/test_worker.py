import sys
from dataclasses import replace

import pytest

from jupyter_mlpipe.analysis.canonical import canonical_hash
from jupyter_mlpipe.analysis.notebook import Cell, parse_cells
from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.engine.module_states import PATCHED
from jupyter_mlpipe.engine.reasons import NOTHING_CHANGED
from jupyter_mlpipe.engine.worker import run_steps_command
from jupyter_mlpipe.model.run import Dependency, DependencyKind, Run, Status, StepRun
from jupyter_mlpipe.pipelines.bundle import pack
from jupyter_mlpipe.pipelines.codestore import store
from jupyter_mlpipe.pipelines.compile import compile_notebook
from jupyter_mlpipe.tracking.sql import SqlMetadataStore
from jupyter_mlpipe.tracking.store import Query


class Machine:
    """A folder in which steps of one notebook are run as a worker runs them."""

    def __init__(self, folder, *cells):
        book = parse_cells([Cell(c, f"c{i}", (), i, "code") for i, c in enumerate(cells)], "study")
        book = replace(book, path="study.ipynb")
        self.settings = Settings(folder, folder / ".mlpipe")
        data = pack(compile_notebook(book, None), book, folder)
        self.archive = store(data, self.settings.artifact_store, self.settings.home)
        self.environ = {"MLPIPE_RUN_ID": "r1", "MLPIPE_HOME": str(self.settings.home)}

    def run(self, *steps, **environ):
        said = self.environ | environ
        return run_steps_command(self.archive.uri, self.archive.sha256, steps, said)

    def records(self, kind=StepRun, **where):
        metadata = SqlMetadataStore(self.settings.metadata_store)
        found = metadata.find(Query(kind, where, newest_first=False)).items
        metadata.close()
        return found


@pytest.fixture
def machine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *cells: Machine(tmp_path, *cells)


def test_values_go_from_step_to_step_of_the_same_run(machine):
    worker = machine("%%step a\nx = [1]", "%%step b\nx.append(2)", "%%step c\ny = len(x)")
    assert [worker.run(step) for step in "abc"] == [0, 0, 0]
    assert [o.mutated for r in worker.records() for o in r.outputs] == [False, True, False]


def test_values_of_the_notebooks_own_classes_come_back(machine):
    cells = ("class Box:\n    def __init__(self, v):\n        self.v = v", "%%step a\nbox = Box(3)")
    worker = machine(*cells, "%%step b\nassert type(box) is Box and box.v == 3\nok = 1")
    assert [worker.run(step) for step in "ab"] == [0, 0]


def test_what_shares_memory_in_the_notebook_shares_it_here(machine):
    cells = (
        "%%step a\nx = [1]\nview = x",
        "%%step b\nview.append(2)",
        "%%step c\nassert x == [1, 2]",
    )
    worker = machine(*cells)
    assert [worker.run(step) for step in "abc"] == [0, 0, 0]


def test_a_change_through_one_alias_reaches_those_the_step_never_mentions(machine):
    cells = ("%%step a\nx = {}", "%%step b\ny = x", "%%step c\nz = x", "%%step d\nz['k'] = 1")
    worker = machine(*cells, "%%step e\nassert x == y == z == {'k': 1}")
    assert [worker.run(step) for step in "abcde"] == [0] * 5


def test_a_second_run_hits(machine):
    worker = machine("%%step a\nx = 1")
    worker.run("a")
    assert worker.run("a", MLPIPE_RUN_ID="r2") == 0
    first, second = worker.records()
    assert (first.status, second.status, second.reason) == ("succeeded", "cached", NOTHING_CHANGED)


def test_no_step_of_a_task_draws_on_the_figure_of_another(machine):
    cells = ("import matplotlib.pyplot as plt", "%%step a\ng = (n for n in [1, 2])\nplt.plot([1])")
    worker = machine(*cells, "%%step b\nnext(g)\nassert not plt.gca().lines")
    assert worker.run("a", "b") == 0


def test_parameters_are_set_before_constants_are_computed(machine):
    worker = machine("%%params\nn: int = 1", "%%step a\nassert n == 7\nx = n")
    assert worker.run("a", MLPIPE_PARAMS='{"n": 7}') == 0
    assert worker.records(Run)[0].parameters == {"n": 7}


def test_an_untagged_value_bound_after_the_step_counts(machine):
    worker = machine("%%step a\nx = 1", "x = 5", "%%step b --after a\nassert x == 5")
    assert [worker.run(step) for step in "ab"] == [0, 0]


def test_code_that_raises_is_recorded_and_shown_as_the_users_own(machine, capsys):
    worker = machine("%%step a\n1 / 0")
    assert worker.run("a") == 1
    said = capsys.readouterr().err
    assert "1 / 0" in said
    assert "worker.py" not in said
    assert worker.records()[0].status == "failed"


def test_the_engines_run_becomes_one_run_of_ours(machine):
    worker = machine("%%step a\nx = 1", "%%step b\ny = x")
    engine = {"MLPIPE_RUN_ID": "", "MLPIPE_ENGINE": "airflow", "MLPIPE_ENGINE_RUN_ID": "study/m 1"}
    assert worker.run("a", **engine) == 0
    assert [run.status for run in worker.records(Run)] == ["running"]
    assert worker.run("b", **engine) == 0
    (run,) = worker.records(Run)
    assert (run.kind, run.engine_run_id, run.status) == ("airflow", "study/m 1", "succeeded")


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"MLPIPE_RUN_ID": ""}, "which run"),
        ({"MLPIPE_PARAMS": "[]"}, "expected a JSON object"),
        ({"MLPIPE_PARAMS": '{"m": 1}'}, "Unknown parameter 'm'"),
    ],
)
def test_bad_input_is_refused_in_one_line(machine, capsys, environ, message):
    assert machine("%%step a\nx = 1").run("a", **environ) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1


def test_an_unknown_step_lists_the_known_ones(machine, capsys):
    assert machine("%%step a\nx = 1").run("b") == 2
    assert "its steps are a" in capsys.readouterr().err


def test_a_step_whose_inputs_are_not_made_yet_says_so(machine, capsys):
    assert machine("%%step a\nx = 1", "%%step b\ny = x").run("b") == 2
    assert "needs step 'a', which has not finished in run r1" in capsys.readouterr().err


def test_a_digest_that_differs_is_refused(machine, capsys):
    worker = machine("%%step a\nx = 1")
    assert run_steps_command(worker.archive.uri, "0" * 64, ["a"], worker.environ) == 2
    assert "changed or cut short" in capsys.readouterr().err


def test_a_missing_archive_and_a_missing_package_are_the_environments_fault(machine, capsys):
    worker = machine("import no_such_package", "%%step a\nx = no_such_package")
    assert worker.run("a") == 3
    assert run_steps_command("/none.tar.gz", "0" * 64, ["a"], worker.environ) == 3
    assert "no_such_package" in capsys.readouterr().err


def test_the_process_is_left_as_it_was(machine):
    before, path = sys.modules["__main__"], list(sys.path)
    machine("%%step a\n1 / 0").run("a")
    assert sys.modules["__main__"] is before
    assert sys.path == path


def test_a_false_condition_ends_the_step_well_and_leaves_what_was_there(machine):
    worker = machine(
        "%%step a\nn = 1\nbest = 'old'",
        "%%step b --if 'n > 3'\nbest = 'new'\nonly = 1",
        "%%step c\nassert best == 'old'\nok = 1",
    )
    assert [worker.run(step) for step in "abc"] == [0, 0, 0]
    skipped = worker.records()[1]
    assert (skipped.status, skipped.reason) == ("skipped", "`n > 3` is false")


def test_a_name_that_only_a_skipped_step_makes_is_not_defined(machine, capsys):
    worker = machine("%%step a --if False\nonly = 1", "%%step b\nx = only")
    assert [worker.run(step) for step in "ab"] == [0, 1]
    assert "`only` was not left by a" in capsys.readouterr().err


def test_a_condition_that_raises_is_refused(machine, capsys):
    assert machine("%%step a --if 1/0\nx = 1").run("a") == 2
    assert "--if `1/0` raised ZeroDivisionError" in capsys.readouterr().err


def test_state_of_the_process_goes_from_step_to_step(machine, monkeypatch):
    monkeypatch.setenv("MODE", "slow")
    worker = machine(
        "%%step a\nimport os\nos.environ['MODE'] = 'fast'",
        "%%step b\nimport os\nmode = os.environ['MODE']",
        "%%step c\nassert mode == 'fast'",
    )
    assert [worker.run(step) for step in "abc"] == [0, 0, 0]


def test_what_another_process_holds_is_refused_by_name(machine, capsys):
    worker = machine(
        "%%step a\nfrom itertools import count\nboxes = {'all': (n for n in [1])}",
        "%%step b\nfirst = next(boxes['all'])",
    )
    assert worker.run("a") == 0
    assert worker.records()[0].immovable[0].what == "a dict that holds a generator"
    assert worker.run("b") == 2
    said = capsys.readouterr().err
    assert "`boxes` (a dict that holds a generator), which step 'a' left" in said


def test_what_the_notebook_did_to_a_module_outside_of_steps_is_refused(machine, capsys):
    source = "import colorsys\nout = colorsys.ONE_THIRD"
    worker = machine(f"%%step use\n{source}")
    patched = "module `colorsys` was changed outside a step: ONE_THIRD"
    metadata = SqlMetadataStore(worker.settings.metadata_store)
    then = StepRun(
        id="s0",
        run_id="r0",
        pipeline="study",
        step="use",
        status=Status.SUCCEEDED,
        started=0.0,
        seconds=0.0,
        reason="first run",
        cell_hash=canonical_hash(source),
        source=source,
        dependencies=(Dependency(DependencyKind.STATE, PATCHED, "0", patched),),
    )
    metadata.append((Run("r0", "study", "notebook", Status.SUCCEEDED, 0.0), then))
    metadata.close()
    assert worker.run("use") == 2
    assert patched in capsys.readouterr().err


def test_a_mapped_step_runs_its_elements_and_leaves_lists(machine):
    worker = machine(
        "%%step a\nxs = [3, 1, 2]",
        "%%step b --map x=xs\ny = x * x",
        "%%step c\nassert y == [9, 1, 4] and xs == [3, 1, 2]\nok = 1",
    )
    assert [worker.run(step) for step in "abc"] == [0, 0, 0]
    runs = worker.records()
    assert [run.elements for run in runs if not run.element] == [0, 3, 0]
    assert sum(run.element != "" for run in runs) == 3


def test_an_element_that_raises_fails_the_step_and_the_rest_is_kept(machine, capsys):
    worker = machine("%%step a\nxs = [1, 0, 2]", "%%step b --map x=xs\ny = 8 / x")
    assert [worker.run("a"), worker.run("b")] == [0, 1]
    assert "element 2 of 3 of `xs`" in capsys.readouterr().err
    assert [run.status for run in worker.records() if run.element] == ["succeeded", "failed"]


def test_elements_that_disturb_each_other_are_refused(machine, capsys):
    worker = machine("%%step a\nxs = [1]\nseen = []", "%%step b --map x=xs\nseen.append(x)")
    assert [worker.run("a"), worker.run("b")] == [0, 2]
    assert "changes `seen` in place" in capsys.readouterr().err


def test_what_a_library_is_told_to_call_reads_the_variables_it_needs(machine):
    told = "import codecs\ndef drop(error):\n    return mark, error.end\n"
    told += "codecs.register_error('drop', drop)"
    worker = machine(told, "%%step a\nmark = '-'", "%%step b\nx = 'é'.encode('ascii', 'drop')")
    assert [worker.run(step) for step in "ab"] == [0, 0]
