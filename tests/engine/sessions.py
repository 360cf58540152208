"""Steps that run as on a worker, all in one namespace."""

from types import ModuleType

from jupyter_mlpipe.analysis.modules import ModuleFiles
from jupyter_mlpipe.analysis.options import parse_step_line
from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.engine.context import open_context
from jupyter_mlpipe.engine.executor import PlainExecutor
from jupyter_mlpipe.engine.memories import Callers
from jupyter_mlpipe.engine.open_figures import OpenFigures
from jupyter_mlpipe.engine.scope import Scope
from jupyter_mlpipe.engine.states import ProcessStates
from jupyter_mlpipe.engine.steps import run_step
from jupyter_mlpipe.engine.variables import Variables
from jupyter_mlpipe.engine.watch import ProcessWatch
from jupyter_mlpipe.model.run import Run, Status, StepRun
from jupyter_mlpipe.model.step import StepSource
from jupyter_mlpipe.tracking.store import Query


class Session:
    """A namespace in which steps run, as on a worker but all in one."""

    def __init__(self, folder, run="r1"):
        self.run = run
        self.context = open_context(Settings(folder, folder / ".mlpipe"))
        self.main = ModuleType("__main__")
        self.variables = Variables(self.main.__dict__, self.context.values, self.context.buffers)
        self.watch = ProcessWatch((folder / ".mlpipe",))
        self.states = ProcessStates(folder)
        self.figures = OpenFigures()
        self.callers = Callers()

    def __getitem__(self, name):
        self.variables.load([name])
        return self.main.__dict__[name]

    def plain(self, source):
        exec(compile(source, "<cell>", "exec"), self.main.__dict__)

    def step(self, cell):
        line, _, source = cell.partition("\n")
        name, options = parse_step_line(line.removeprefix("%%step "), "the cell")
        run = Run(self.run, "study", "notebook", Status.RUNNING, 0.0)
        metadata = self.context.metadata
        scope = Scope(
            run,
            self.variables,
            ModuleFiles(),
            self.watch,
            self.states,
            figures=self.figures,
            callers=self.callers,
            metadata=metadata,
        )
        return run_step(StepSource(name, source, options), scope, PlainExecutor(), self.context)

    def records(self, **where):
        return self.context.metadata.find(Query(StepRun, where, newest_first=False)).items
