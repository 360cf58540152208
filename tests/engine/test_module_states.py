"""Modules that steps change: seen, told, and made something that other steps stand on."""

import importlib
import logging
import sys
import tempfile
from types import ModuleType

import numpy as np
import pytest

from jupyter_mlpipe.analysis.modules import ModuleFiles
from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.engine.context import open_context
from jupyter_mlpipe.engine.executor import PlainExecutor
from jupyter_mlpipe.engine.module_states import ModuleStates
from jupyter_mlpipe.engine.scope import Scope
from jupyter_mlpipe.engine.states import ProcessStates
from jupyter_mlpipe.engine.steps import run_step
from jupyter_mlpipe.engine.variables import Variables
from jupyter_mlpipe.engine.watch import ProcessWatch
from jupyter_mlpipe.model.run import Run, Status
from jupyter_mlpipe.model.step import StepSource

HELPER = """
import functools, threading
import numpy as np
REGISTRY = []
LOCK = threading.Lock()
DATA = np.zeros(400_000)
level = 1
class Counter:
    n = 0
class Box:
    def __init__(self):
        self.lock, self.items = threading.Lock(), []
BOX = Box()
def register(name):
    REGISTRY.append(name)
def set_level(value):
    global level
    level = value
def scaled(x):
    return x * level
def calls(into=[]):
    into.append(1)
@functools.cache
def square(x):
    return x * x
"""


_REGISTER = "pd.api.extensions.register_series_accessor"


class Session:
    """A process in which steps run one after the other."""

    def __init__(self, folder, context, monkeypatch):
        self.context, self.folder, self._monkeypatch = context, folder, monkeypatch
        self.states = None
        self.restart()

    def restart(self):
        """Forget all that was in memory, local modules included."""
        self.end()
        for name in ("helper", "other"):
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        self.main = ModuleType("__main__")
        self._monkeypatch.setitem(sys.modules, "__main__", self.main)
        self.states = ModuleStates(self.context.buffers)
        self.states.imports.start()
        self.scope = Scope(
            Run("r1", "study", "notebook", Status.RUNNING, 0.0),
            Variables(self.main.__dict__, self.context.values, self.context.buffers),
            ModuleFiles(),
            ProcessWatch((self.folder / ".mlpipe",)),
            ProcessStates(self.folder),
            self.states,
        )

    def end(self):
        if self.states is not None:
            self.states.imports.stop()

    def plain(self, source):
        exec(compile(source, "<cell>", "exec"), self.main.__dict__)

    def step(self, name, source):
        step = StepSource(name, source)
        return run_step(step, self.scope, PlainExecutor(), self.context).step_run


@pytest.fixture
def session(tmp_path, monkeypatch):
    (tmp_path / "helper.py").write_text(HELPER)
    monkeypatch.syspath_prepend(str(tmp_path))
    context = open_context(Settings(tmp_path, tmp_path / ".mlpipe"))
    made = Session(tmp_path, context, monkeypatch)
    made.plain("import helper")
    yield made
    made.end()
    context.metadata.close()
    sys.modules.pop("helper", None)


def left(run):
    return [(state.name, state.kind, state.what) for state in run.immovable]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("helper.register('a')", "REGISTRY"),
        ("helper.set_level(3)", "level"),
        ("helper.Counter.n += 1", "Counter.n"),
        ("helper.BOX.items.append(1)", "BOX"),
        ("helper.calls()", "calls"),
        ("helper.DATA[7] = 1", "DATA"),
        ("helper.scaled = len", "scaled"),
        ("helper.EXTRA = 1", "EXTRA"),
        ("del helper.level", "level"),
    ],
)
def test_what_a_step_does_to_a_local_module_is_named_and_makes_it_run_again(session, change, name):
    run = session.step("change", change)
    assert left(run) == [("helper", "module", f"{name} changed")]
    assert run.uncacheable == "always runs: what it does to `helper` cannot be kept"


@pytest.mark.parametrize(
    "harmless",
    [
        "x = helper.scaled(2)",
        "helper.set_level(3); helper.set_level(1)",
        "y = helper.square(9)",
        "with helper.LOCK: pass",
        "import json, xml.dom.minidom",
    ],
)
def test_what_changes_nothing_is_a_hit_the_next_time(session, harmless):
    assert left(session.step("harmless", harmless)) == []
    assert session.step("harmless", harmless).status is Status.CACHED


def test_a_change_in_the_cell_that_imports_the_module_is_seen(session):
    session.restart()
    run = session.step("both", "import helper\nhelper.register('a')")
    assert left(run) == [("helper", "module", "REGISTRY changed")]


def test_a_step_stands_on_what_was_done_to_the_module(session):
    use = "out = helper.scaled(7)"
    assert session.step("use", use).status is Status.SUCCEEDED
    session.step("set", "helper.set_level(3)")
    changed = session.step("use", use)
    assert changed.reason == "module `helper` was changed by step set: level"
    assert session.step("use", use).status is Status.CACHED
    session.plain("helper.set_level(1)")
    assert session.step("use", use).status is Status.CACHED
    assert session.main.helper.scaled(7) == 7


def test_after_a_restart_a_step_hits_once_the_change_was_made_again(session):
    use = "out = helper.scaled(7)"
    session.step("set", "helper.set_level(3)")
    session.step("use", use)
    session.step("set", "helper.set_level(3)")
    session.restart()
    session.plain("import helper")
    assert session.step("early", use).status is Status.SUCCEEDED
    assert session.step("set", "helper.set_level(3)").status is Status.SUCCEEDED
    assert session.step("use", use).status is Status.CACHED


def test_a_record_from_before_a_restart_does_not_hold_on_the_module_as_imported(session):
    session.step("set", "helper.set_level(3)")
    session.step("use", "out = helper.scaled(7)")
    session.restart()
    session.plain("import helper")
    again = session.step("use", "out = helper.scaled(7)")
    told = "what it stood on is no more: module `helper` was changed by step set: level"
    assert (again.status, again.reason) == (Status.SUCCEEDED, told)


def test_what_cannot_be_compared_is_never_a_hit(session):
    session.step("set", "import threading\nhelper.level = threading.Lock()")
    run = session.step("use", "out = str(helper.square(2))")
    assert run.uncacheable == "always runs: `module helper` cannot be compared"


def test_a_reload_makes_the_module_what_it_was(session):
    use = "out = helper.scaled(7)"
    session.step("use", use)
    session.step("set", "helper.set_level(3)")
    session.step("reload", "import importlib\n_ = importlib.reload(helper)")
    assert session.step("use", use).status is Status.CACHED


def test_a_module_that_another_one_fills_when_it_is_imported_is_changed(session, tmp_path):
    (tmp_path / "other.py").write_text("import helper\nhelper.register('other')")
    assert left(session.step("plug", "import other"))[0][:2] == ("helper", "module")


def test_a_large_array_is_not_digested_again(session):
    step = "x = helper.scaled(2)"
    session.step("use", step)
    data = session.main.helper.DATA
    assert session.context.buffers.digest(data) == session.context.buffers.digest(
        np.zeros_like(data)
    )
    assert session.step("use", step).status is Status.CACHED


@pytest.mark.parametrize(
    ("start", "stop", "module"),
    [
        ("import os\nold = os.cpu_count\nsetattr(os, 'cpu_' + 'count', len)", None, "os"),
        (
            "from unittest import mock\np = mock.patch('os.cpu_count'); _ = p.start()",
            "p.stop()",
            "os",
        ),
        ("import builtins\nbuiltins.answer = 42", "del builtins.answer", "builtins"),
        (
            "import json\nsetattr(json.JSONEncoder, 'half', lambda self: 1)",
            "del json.JSONEncoder.half",
            "json",
        ),
        (
            f"import pandas as pd\nclass T:\n    pass\n_ = {_REGISTER}('twice')(T)",
            "del pd.Series.twice\npd.Series._accessors.discard('twice')",
            "pandas",
        ),
    ],
)
def test_patches_of_other_modules_are_named(session, start, stop, module):
    run = session.step("patch", start)
    try:
        assert module in [state.name.partition(".")[0] for state in run.immovable]
        assert run.uncacheable.startswith("always runs: ")
    finally:
        session.plain(stop or "os.cpu_count = old")


def test_what_a_module_binds_as_it_goes_counts_where_a_step_mentions_it(session):
    kept, tempfile.tempdir = tempfile.tempdir, None
    try:
        look = "import tempfile\nn = len(tempfile.gettempdir())"
        assert left(session.step("look", look)) == []
        named = session.step(
            "name", f"import tempfile\ntempfile.tempdir = {tempfile.tempdir!r} + '/'"
        )
        assert left(named)[0][:2] == ("tempfile", "module")
    finally:
        tempfile.tempdir = kept


def test_what_libraries_hand_loggers_when_they_are_loaded_is_no_change(session, tmp_path):
    hand = "import logging\nlogging.getLogger({!r}).addHandler(logging.StreamHandler())"
    (tmp_path / "other.py").write_text(hand.format("theirs"))
    try:
        assert left(session.step("load", "import other")) == []
        assert left(session.step("own", hand.format("app")))[0][:2] == ("logging", "module")
    finally:
        for name in ("theirs", "app"):
            logging.getLogger(name).handlers.clear()


def test_patched_and_undone_within_a_step_is_no_change(session):
    cell = "import os\nfrom unittest import mock\nwith mock.patch('os.cpu_count', lambda: 3):\n    "
    assert left(session.step("use", f"{cell}n = os.cpu_count()")) == []


def test_every_later_step_stands_on_patches(session, monkeypatch):
    use = "import os\nn = os.cpu_count()"
    session.step("use", use)
    session.step(
        "patch", "import os\nkept = os.cpu_count\ndef f():\n    return 3\nos.cpu_count = f"
    )
    try:
        assert session.step("use", use).reason == "module `os` was changed by step patch: cpu_count"
    finally:
        session.plain("os.cpu_count = kept")
    assert session.step("use", use).status is Status.CACHED


def test_a_stream_that_a_step_replaced_stays_replaced(session, monkeypatch):
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    run = session.step("redirect", "import io, sys\nsys.stdout = io.StringIO()")
    assert left(run) == [("sys", "module", "stdout changed")]
    session.step("shout", "print('hello')")
    assert sys.stdout.getvalue() == "hello\n"


def test_what_libraries_bind_in_their_own_modules_is_no_change(session):
    library = ModuleType("library")
    library.fast = lambda: 1
    sys.modules["library"] = library
    try:
        session.plain("import library")
        lent = "import types\nlibrary._cache = {}\nlibrary.late = types.ModuleType('library.late')"
        assert "library" not in [name for name, *_ in left(session.step("use", lent))]
    finally:
        del sys.modules["library"]


def test_what_a_step_puts_into_a_table_of_a_library_is_named(session):
    put = "import copyreg\nclass P:\n    pass\ncopyreg.pickle(P, lambda p: (P, ()))"
    run = session.step("put", put)
    try:
        assert left(run) == [
            ("copyreg", "module", "dispatch_table changed"),
            ("copyreg", "handed", "which keeps `P` of the notebook"),
        ]
    finally:
        session.plain("del copyreg.dispatch_table[P]")


def test_what_copyreg_was_told_is_no_change_of_modules_that_look_it_up_there(session):
    session.plain("import copyreg, pickle\nclass P: pass\ndef f(p): return (P, ())")
    session.step("put", "copyreg.pickle(P, f)")
    try:
        run = session.step("dump", "data = pickle.dumps(P())")
        details = [d.detail for d in run.dependencies if "dispatch_table" in d.detail]
        assert details == ["module `copyreg` was changed by step put: dispatch_table"]
    finally:
        session.plain("copyreg.dispatch_table.pop(P, None)")


def test_a_function_under_another_key_of_a_table_is_a_change(session):
    session.plain("import copyreg\nclass P: pass\nclass Q: pass\ndef f(p): return (P, ())")
    session.plain("copyreg.pickle(P, f)")
    try:
        run = session.step("move", "copyreg.dispatch_table[Q] = copyreg.dispatch_table.pop(P)")
        assert left(run) == [("copyreg", "module", "dispatch_table changed")]
    finally:
        session.plain("copyreg.dispatch_table.pop(P, None), copyreg.dispatch_table.pop(Q, None)")


def test_what_a_library_puts_there_itself_is_no_change(session):
    own = "import copyreg, decimal\ncopyreg.pickle(decimal.Context, decimal.Context.__reduce__)"
    try:
        assert left(session.step("put", own)) == []
    finally:
        session.plain("del copyreg.dispatch_table[decimal.Context]")


def test_a_handler_that_holds_a_lock_does_not_make_every_step_run(session):
    handler = "import logging\nclass H(logging.Handler):\n    pass\nh = H()"
    run = session.step("listen", f"{handler}\nlogging.getLogger('study').addHandler(h)\ndel h")
    try:
        assert ("logging", "module") in [(state.name, state.kind) for state in run.immovable]
        session.step("use", "x = 1")
        assert session.step("use", "x = 1").status is Status.CACHED
    finally:
        session.plain("logging.getLogger('study').handlers.clear()")


def test_a_logger_counts_under_whatever_name_it_is_called(session):
    session.plain("import logging\nlog = logging.getLogger('quiet.study')")
    session.plain("def hear():\n    log.addFilter(lambda record: True)")
    try:
        for cell in ("log.addHandler(logging.StreamHandler())", "log.propagate = False", "hear()"):
            assert {state.name for state in session.step("set", cell).immovable} == {"logging"}
        assert "cannot be compared" in session.step("tell", "n = log.isEnabledFor(10)").uncacheable
    finally:
        session.plain("log.handlers.clear(); log.filters.clear(); log.propagate = True")
