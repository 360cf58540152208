"""Functions that a step finds otherwise than by a name."""

import logging
import sys
from types import ModuleType

import pytest

from jupyter_mlpipe.analysis.modules import ModuleFiles
from jupyter_mlpipe.analysis.options import parse_step_line
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

heard = pytest.mark.skipif(
    not hasattr(sys, "monitoring"), reason="Python tells which functions run from 3.12 on"
)


class Session:
    """A namespace in which steps run; `restart` forgets all but what is stored."""

    def __init__(self, folder):
        self.folder = folder
        self.context = open_context(Settings(folder, folder / ".mlpipe"))
        self.restart()

    def restart(self):
        self.main = ModuleType("__main__")
        sys.modules["__main__"] = self.main
        self.variables = Variables(self.main.__dict__, self.context.values, self.context.buffers)
        self.watch = ProcessWatch((self.folder / ".mlpipe",))
        self.states = ProcessStates(self.folder)
        self.modules, self.module_states = ModuleFiles(), ModuleStates()

    def plain(self, source):
        exec(compile(source, f"<cell {hash(source)}>", "exec"), self.main.__dict__)

    def step(self, source, line="use", **around):
        name, options = parse_step_line(line, "the cell")
        run = Run("r1", "study", "notebook", Status.RUNNING, 0.0)
        scope = Scope(
            run, self.variables, self.modules, self.watch, self.states, self.module_states, **around
        )
        report = run_step(StepSource(name, source, options), scope, PlainExecutor(), self.context)
        assert report.step_run.error == ""
        return report.step_run


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.syspath_prepend(tmp_path)
    handlers = list(logging.getLogger("study").handlers)
    made = Session(tmp_path)
    yield made
    logging.getLogger("study").handlers[:] = handlers
    made.context.metadata.close()


REPLACE = """
import codecs
def replaced(error):
    return str(7 * rate), error.end
codecs.register_error("study", replaced)
"""
DECODE = "out = b'a\\xff'.decode('ascii', 'study')"


@heard
def test_a_function_that_a_library_was_given_is_stood_on(session):
    session.plain("rate = 2" + REPLACE)
    session.step(DECODE)
    assert session.step(DECODE).status == "cached"
    session.restart()
    session.plain("rate = 2" + REPLACE.replace("* rate", "+ rate"))
    assert session.step(DECODE).reason == "`replaced` was edited"


@heard
def test_so_is_what_it_reads(session):
    session.plain("rate = [2][0]" + REPLACE)
    first = session.step(DECODE)
    assert [item.variable for item in first.inputs] == ["rate"]
    session.restart()
    session.plain("rate = [4][0]" + REPLACE)
    assert session.step(DECODE).reason.startswith("`rate` changed")


@heard
def test_a_constant_that_it_reads_is_one(session):
    session.plain("rate = 2" + REPLACE)
    session.step(DECODE, constants=frozenset({"rate"}))
    session.restart()
    session.plain("rate = 4" + REPLACE)
    assert session.step(DECODE, constants=frozenset({"rate"})).reason == "`rate` changed: 2 → 4"


@heard
def test_what_the_step_changed_meanwhile_cannot_be_compared(session):
    session.plain("rate = [2]" + REPLACE.replace("* rate", "* rate.pop()"))
    done = session.step(DECODE)
    assert done.uncacheable.startswith("always runs: ")


@heard
def test_a_function_without_a_name_of_its_own_can_never_be_proven(session):
    session.plain("rate = 2" + REPLACE.replace("replaced)", "lambda e: ('7', e.end))"))
    done = session.step(DECODE)
    assert done.uncacheable == "always runs: it calls `<lambda>`, to which its code does not lead"


@heard
def test_what_an_earlier_call_of_a_function_defined_can_never_be_proven(session):
    made = "def make(n):\n    def named(e):\n        return str(n), e.end\n    return named\n"
    session.plain(made + REPLACE.replace("replaced)", "make(3))"))
    done = session.step(f"{DECODE}\nmake")
    assert "make.<locals>.named" in done.uncacheable


@heard
def test_an_object_that_lives_inside_of_a_library_can_never_be_proven(session):
    session.plain(
        "import logging\nclass Memory(logging.Handler):\n"
        "    def emit(self, record):\n        self.last = record.msg\n"
        "logging.getLogger('study').addHandler(Memory())"
    )
    done = session.step("import logging\nlogging.getLogger('study').error('no')")
    assert done.uncacheable == ("always runs: it uses an object of `Memory` that no variable holds")


def test_the_class_of_a_pickled_object_is_stood_on(session):
    model = "class Model:\n    def predict(self, x):\n        return x + 1\n"
    save = "import pickle\nraw = pickle.dumps(Model())"
    use = "import pickle\nout = pickle.loads(raw).predict(2)"
    session.plain(model + save)
    session.step(use)
    assert session.step(use).status == "cached"
    session.restart()
    session.plain(model.replace("+ 1", "- 1") + save)
    assert session.step(use).reason == "`Model` was edited"


def test_a_step_that_asks_for_subclasses_stands_on_every_class(session):
    classes = "class Base:\n    factor = 1\nclass Double(Base):\n    factor = 2\n"
    use = "out = [kind.factor for kind in Base.__subclasses__()]"
    session.plain(classes)
    session.step(use)
    session.restart()
    session.plain(classes.replace("factor = 2", "factor = 5"))
    assert session.step(use).reason == "`Double` was edited"


@heard
def test_a_module_that_another_one_loads_by_a_computed_name_is_stood_on(session):
    name = f"{session.folder.name}_met".replace("-", "_")
    (session.folder / f"{name}_loader.py").write_text(
        "import importlib\ndef load(name):\n    return importlib.import_module(name)\n"
    )
    part = session.folder / f"{name}_part.py"
    part.write_text("def run():\n    return 1\n")
    use = f"import {name}_loader as loader\nout = loader.load('{name}_' + 'part').run()"
    session.step(use)
    assert session.step(use).status == "cached"
    del sys.modules[f"{name}_part"]
    part.write_text("def run():\n    return 2345\n")
    session.restart()
    assert f"`{name}_part` was edited" in session.step(use).reason


@heard
def test_a_file_that_a_module_runs_is_stood_on(session):
    name = f"{session.folder.name}_run".replace("-", "_")
    (session.folder / f"{name}.py").write_text(
        "import runpy\ndef load(path):\n    return runpy.run_path(path)['answer']()\n"
    )
    part = session.folder / "part.py"
    part.write_text("def answer():\n    return 1\n")
    use = f"import {name} as loader\nfrom pathlib import Path\n"
    use += f"out = loader.load(str(Path({str(session.folder)!r}) / ('pa' + 'rt.py')))"
    session.step(use)
    assert session.step(use).status == "cached"
    part.write_text("def answer():\n    return 2\n")
    assert session.step(use).reason == "part.py changed"


@heard
def test_elements_that_did_not_have_to_run_are_counted_with_the_whole(session):
    line, use = "use --map x=xs", "out = (x * b'\\xff').decode('ascii', 'study')"
    session.plain("rate = 2\nxs = [1, 2]" + REPLACE)
    session.step(use, line)
    session.plain("xs = [2, 1]")
    assert "0 of 2 elements ran" in session.step(use, line).reason
    assert session.step(use, line).status == "cached"
    session.restart()
    session.plain("rate = 2\nxs = [2, 1]" + REPLACE.replace("* rate", "+ rate"))
    assert session.step(use, line).reason.startswith("`replaced` was edited")


def test_a_class_whose_methods_are_made_up_as_text_is_cached(session):
    define = "from dataclasses import dataclass\n@dataclass\nclass Item:\n    price: float"
    session.step(define, "define")
    assert session.step(define, "define").status == "cached"
    use = "out = Item(2.5).price"
    session.step(use)
    assert session.step(use).status == "cached"


@heard
def test_a_file_that_a_module_runs_in_the_notebooks_namespace_is_stood_on(session):
    name = f"{session.folder.name}_into".replace("-", "_")
    part = session.folder / "setup_part.py"
    (session.folder / f"{name}.py").write_text(
        "import pathlib, sys\n"
        "def load(path):\n"
        "    text = pathlib.Path(path).read_text()\n"
        "    exec(compile(text, path, 'exec'), vars(sys.modules['__main__']))\n"
    )
    part.write_text("def answer():\n    return 1\n")
    use = f"import {name} as loader\nloader.load({str(part)!r})\nout = answer()"
    session.step(use)
    session.restart()
    part.write_text("def answer():\n    return 2\n")
    assert session.step(use).reason == "setup_part.py changed"
