"""Steps judged in notebooks that run in this process."""

import sqlite3
from contextlib import closing

import pytest

from jupyter_mlpipe.analysis.edits import definition_hashes
from jupyter_mlpipe.analysis.modules import ModuleFiles
from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.engine.context import open_context
from jupyter_mlpipe.engine.edited import place, told_by_text
from jupyter_mlpipe.engine.executor import PlainExecutor
from jupyter_mlpipe.engine.present import FileFacts, Present
from jupyter_mlpipe.engine.scope import Scope
from jupyter_mlpipe.engine.staleness import Order, PlacedStep, difference, spread
from jupyter_mlpipe.engine.standing import Ledger
from jupyter_mlpipe.engine.states import ProcessStates
from jupyter_mlpipe.engine.steps import run_step
from jupyter_mlpipe.engine.variables import Variables
from jupyter_mlpipe.engine.watch import ProcessWatch
from jupyter_mlpipe.model.run import Run, Status, StepRun
from jupyter_mlpipe.model.step import StepOptions, StepSource
from jupyter_mlpipe.tracking.store import Query


class Study:
    """Steps by name, in the notebook's order; `run` runs them as a kernel would."""

    def __init__(self, folder, **cells):
        self.context = open_context(Settings(folder, folder / ".mlpipe"))
        self.cells = cells
        context = self.context
        self.variables = Variables({"__name__": "__main__"}, context.values, context.buffers)
        self.touched = {}
        self.edits = {}
        run = Run("r", "study", "notebook", Status.RUNNING, 1.0)
        self.scope = Scope(
            run, self.variables, ModuleFiles(), ProcessWatch(()), ProcessStates(folder)
        )

    def steps(self):
        return [StepSource(n, s, position=i) for i, (n, s) in enumerate(self.cells.items())]

    def run(self, *names):
        for step in self.steps():
            if step.name in (names or self.cells):
                run_step(step, self.scope, PlainExecutor(), self.context)

    def order(self):
        self.variables.look()
        ledger = Ledger("study", self.context.metadata)
        standings = ledger.standings(self.cells)
        placed = [
            place(PlacedStep(s.name, s.position, standings[s.name]), s)
            for s in self.steps()
            if s.name in standings
        ]
        present = Present(self.scope, FileFacts(), definition_hashes(""))
        return Order(placed, ledger, present, self.touched)

    def stale(self):
        order = self.order()
        texts = {step.name: step for step in self.steps()}
        own = {s.name: difference(s, order, self.context) for s in order.steps}
        for step in order.steps:
            told = told_by_text(step, texts[step.name], order.steps, self.edits)
            own[step.name] = told or own[step.name]
        return spread(order.steps, {name: reason for name, reason in own.items() if reason})


@pytest.fixture
def study(tmp_path):
    opened = []

    def begin(**cells):
        opened.append(Study(tmp_path, **cells))
        return opened[-1]

    yield begin
    for each in opened:
        each.context.metadata.close()


CHAIN = {"load": "df = [1, 2]", "clean": "df.append(3)", "total": "s = sum(df)"}


def test_what_just_ran_is_fresh_even_where_a_later_step_changed_its_input(study):
    book = study(**CHAIN)
    book.run()
    assert book.stale() == {}


def test_an_edited_cell_takes_down_what_reads_its_results(study):
    book = study(**CHAIN, other="x = 1")
    book.run()
    book.cells["clean"] = "df.append(4)"
    assert book.stale() == {
        "clean": "the cell was edited since it ran",
        "total": "step clean, on which it depends, is stale",
    }


def test_running_an_earlier_step_again_to_the_same_end_leaves_the_rest_fresh(study):
    book = study(**CHAIN)
    book.run()
    book.run("load")
    assert book.variables.load(["df"]) == {"df"}
    assert book.stale() == {}


def test_another_value_left_by_the_step_above_is_named(study):
    book = study(**CHAIN)
    book.run()
    book.cells["load"] = "df = [7]"
    book.run("load")
    assert book.stale()["clean"] == "`df` changed by step load"


def test_a_cell_edited_to_bind_another_name_takes_down_its_readers(study):
    book = study(a="x = 1", b="y = [2]", c="z = y + [1]")
    book.run()
    book.cells["a"], book.cells["b"] = "y = [1]", "y = [2]"
    assert book.stale().keys() == {"a"}
    book.cells["b"] = "w = 1"
    assert book.stale().keys() == {"a", "b", "c"}


def test_data_from_outside_counts_where_its_cell_stands(study):
    book = study(**CHAIN)
    book.run()
    book.variables.namespace["df"].append(9)
    book.touched["df"] = None
    assert book.stale().keys() == {"clean", "total"}
    book.touched["df"] = 5
    assert book.stale() == {}


def test_what_another_writes_to_the_log_of_a_database_makes_its_readers_stale(study, tmp_path):
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("pragma journal_mode = wal")
        other.execute("create table t as select 1 n")
    ask = "opened.execute('select n from t').fetchone()"
    book = study(
        ask=f"import sqlite3\nopened = sqlite3.connect({str(path)!r})\nfound = {ask}\n"
        "opened.close()\ndel opened"
    )
    book.run()
    with closing(sqlite3.connect(path)) as other:
        for number in (2, 3):
            assert (book.stale() == {}) == (number == 2)
            with other:
                other.execute("update t set n = ?", [number])
            assert book.stale() == {"ask": "shop.db changed"}


def test_a_deleted_variable_leaves_the_step_that_deletes_it_fresh(study):
    book = study(a="x = [1]", b="y = x + [2]\ndel x")
    book.run()
    assert book.stale() == {}
    del book.variables.namespace["y"]
    book.cells["c"] = "z = y"
    assert book.stale() == {}


def test_judging_records_nothing_and_loads_nothing(study):
    book = study(**CHAIN)
    book.run()
    book.run()
    before = book.context.metadata.find(Query(StepRun)).total
    assert book.variables.pending
    assert book.stale() == {}
    assert book.context.metadata.find(Query(StepRun)).total == before
    assert book.variables.pending


def test_what_to_bind_before_a_step_runs_is_what_the_steps_above_left(study):
    book = study(**CHAIN)
    book.run()
    order = book.order()
    load, clean, total = order.steps
    assert order.expected("df", clean).version == load.standing.outputs["df"]
    assert order.expected("df", total).version is None
    assert order.last("df") is None


def test_another_option_for_the_outputs_makes_a_step_stale(study):
    book = study(a="x = 1")
    book.run()
    (step,) = book.order().steps
    text = StepSource("a", "x = 1", StepOptions(version="new"))
    assert (
        told_by_text(step, text, (step,), {})
        == "the %%step line or mlpipe.yaml asks for other outputs"
    )
    text = StepSource("a", "x = 1", StepOptions(tags=("new",)))
    assert told_by_text(step, text, (step,), {}) is None
