"""One run of a pipeline on this machine: each step in a process of its own."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from pathlib import Path

from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.engine.exits import ExitCode
from jupyter_mlpipe.engine.handover import FINISHED
from jupyter_mlpipe.engine.worker import LOCAL
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.errors import MlpipeError
from jupyter_mlpipe.model.pipeline import Pipeline, PipelineStep
from jupyter_mlpipe.model.run import Run, Status, StepRun
from jupyter_mlpipe.model.views import StepRunView
from jupyter_mlpipe.orchestrators.broken_off import record_broken_off
from jupyter_mlpipe.orchestrators.processes import TIMED_OUT, Launch, Processes, python_command
from jupyter_mlpipe.pipelines.prepare import FOLDER_LABEL
from jupyter_mlpipe.pipelines.tasks import Task, tasks_of
from jupyter_mlpipe.tracking.joins import join
from jupyter_mlpipe.tracking.reading import step_run_view
from jupyter_mlpipe.tracking.store import MetadataStore, Query

Progress = Callable[[StepRunView], None]

_CODES: Mapping[int, str] = {
    ExitCode.FAILED: "its code failed",
    ExitCode.REFUSED: "it was refused",
    ExitCode.UNABLE: "it could not run here",
}
_TAIL = 4_000
"""Characters of a log that are kept as the error of a step that could not record one."""


@dataclass(frozen=True, slots=True)
class LocalRun:
    """A run and what it needs; `execute` may be called once."""

    pipeline: Pipeline
    run: Run
    settings: Settings
    metadata: MetadataStore
    progress: Progress

    def execute(self) -> Status:
        """Run every step that can run, in parallel where the graph allows it.

        Ctrl-C ends the steps that are running; the run is then recorded as cancelled.
        """
        self.metadata.append((self.run,))
        processes = Processes()
        failed: set[str] = set()
        with ThreadPoolExecutor(max_workers=_cores()) as pool:
            try:
                self._schedule(pool, processes, failed)
            except KeyboardInterrupt:
                processes.stop()
            except BaseException as error:
                processes.stop()
                self._break_off(error)
                raise
        status = Status.FAILED if failed else Status.SUCCEEDED
        if processes.stopping.is_set():
            status = self._cancel_rest()
        self.metadata.append((replace(self.run, status=status, ended=time.time()),))
        return status

    def log(self, task: Task) -> Path:
        """What the steps of a task print, over all its attempts."""
        return logs_folder(self.settings, self.run.id) / f"{task.id}.log"

    def _schedule(self, pool: ThreadPoolExecutor, processes: Processes, failed: set[str]) -> None:
        """`failed` takes the ids of tasks that did not finish, or could not begin."""
        tasks = {task.id: task for task in tasks_of(self.pipeline)}
        graph = TopologicalSorter({task.id: task.depends_on for task in tasks.values()})
        graph.prepare()
        running: dict[Future[bool], str] = {}
        while graph.is_active():
            for id_ in graph.get_ready():
                blockers = [name for name in tasks[id_].depends_on if name in failed]
                if blockers:
                    self._give_up(tasks[id_].steps, tasks[blockers[0]].name)
                    failed.add(id_)
                    graph.done(id_)
                else:
                    running[pool.submit(self._run_task, tasks[id_], processes)] = id_
            done = wait(running, return_when=FIRST_COMPLETED).done if running else ()
            for future in done:
                id_ = running.pop(future)
                if not future.result():
                    failed.add(id_)
                graph.done(id_)

    def _run_task(self, task: Task, processes: Processes) -> bool:
        """Whether all its steps finished, at the first attempt or a later one."""
        for step in task.steps:
            self.progress(_running_view(step))
        delay = task.retries.delay
        for attempt in range(task.retries.max + 1):
            before = {step.id: self._newest(step) for step in task.steps}
            code = processes.run(self._launch(task))
            if code is None:
                return False
            self._settle_all(task, code, before)
            if code in (ExitCode.SUCCEEDED, ExitCode.REFUSED) or attempt == task.retries.max:
                return code == ExitCode.SUCCEEDED
            if processes.stopping.wait(delay):
                return False
            delay *= task.retries.backoff
        return False

    def _settle_all(self, task: Task, code: int, before: Mapping[str, StepRun | None]) -> None:
        """Tell how each step ended; a process ends with the first that does not succeed."""
        for index, step in enumerate(task.steps):
            newest = self._newest(step)
            record = newest if newest != before[step.id] else None
            finished = record is not None and record.status in FINISHED
            final = code if not finished or step is task.steps[-1] else ExitCode.SUCCEEDED
            settled = self._settle(task, step, final, record)
            self.progress(step_run_view(settled, join(self.metadata, (settled,))))
            if final != ExitCode.SUCCEEDED:
                self._give_up(task.steps[index + 1 :], step.name)
                return

    def _settle(self, task: Task, step: PipelineStep, code: int, newest: StepRun | None) -> StepRun:
        """The attempt's record: the step's own, or ours when it did not come to record itself."""
        if newest is not None:
            agreed = newest.status in FINISHED
            if agreed == (code == ExitCode.SUCCEEDED):
                return newest
        return self._record(step, Status.FAILED, _why(code, task), self._log_tail(task))

    def _give_up(self, steps: Sequence[PipelineStep], blocker: str) -> None:
        for step in steps:
            reason = f"step {blocker} did not finish"
            record = self._record(step, Status.CANCELLED, reason)
            self.progress(step_run_view(record, join(self.metadata, (record,))))

    def _break_off(self, error: BaseException) -> None:
        """Nothing of the user's: the metadata store or the machine does not play along."""
        with suppress(MlpipeError):  # the store may be what has failed
            steps = self.pipeline.steps
            record_broken_off(self.metadata, self.run.id, steps, "the run broke off", str(error))

    def _cancel_rest(self) -> Status:
        for step in self.pipeline.steps:
            if self._newest(step) is None:
                self._record(step, Status.CANCELLED, "the run was cancelled")
        return Status.CANCELLED

    def _record(self, step: PipelineStep, status: Status, reason: str, error: str = "") -> StepRun:
        record = StepRun(
            id=new_id(),
            run_id=self.run.id,
            pipeline=self.pipeline.name,
            step=step.name,
            status=status,
            started=time.time(),
            reason=reason,
            cell_id=step.cell_id,
            error=error,
        )
        self.metadata.append((record,))
        return record

    def _newest(self, step: PipelineStep) -> StepRun | None:
        where = {"run_id": self.run.id, "step": step.name}
        found = self.metadata.find(Query(StepRun, where, limit=1)).items
        return found[0] if found else None

    def _launch(self, task: Task) -> Launch:
        return Launch(
            command=python_command(*task.command[3:]),
            environment=step_environment(self.settings, self.run, task.env),
            folder=working_folder(self.settings, self.pipeline),
            log=self.log(task),
            timeout=task.timeout,
        )

    def _log_tail(self, task: Task) -> str:
        return read_tail(self.log(task), _TAIL).strip()


def step_environment(settings: Settings, run: Run, extra: Mapping[str, str]) -> dict[str, str]:
    """This process's environment, the step's own additions, and what a worker must know."""
    return {
        **os.environ,
        # A figure window has nowhere to open, and a kernel's own backend needs its kernel.
        "MPLBACKEND": "Agg",
        **extra,
        "MLPIPE_ENGINE": LOCAL,
        "MLPIPE_RUN_ID": run.id,
        "MLPIPE_PARAMS": json.dumps(dict(run.parameters)),
        "MLPIPE_HOME": str(settings.home),
        "MLPIPE_PROJECT": settings.project,
        "MLPIPE_ARTIFACT_STORE": settings.artifact_store,
        "MLPIPE_METADATA_STORE": settings.metadata_store,
        "MLPIPE_CACHE": str(settings.cache).lower(),
    }


def working_folder(settings: Settings, pipeline: Pipeline) -> Path:
    """The notebook's folder, as in its kernel, so that relative paths mean the same."""
    folder = Path(pipeline.labels.get(FOLDER_LABEL, ""))
    return folder if folder.is_absolute() and folder.is_dir() else settings.root


def logs_folder(settings: Settings, run_id: str) -> Path:
    """Where a run's logs lie."""
    return settings.home / "logs" / run_id


def read_tail(path: Path, characters: int) -> str:
    """The end of a text that may still be growing; empty when there is none."""
    try:
        return path.read_bytes()[-4 * characters :].decode("utf-8", "replace")[-characters:]
    except OSError:
        return ""


def _running_view(step: PipelineStep) -> StepRunView:
    return StepRunView(
        step=step.name,
        status=Status.RUNNING.value,
        reason="",
        inputs=(),
        outputs=(),
        started=time.time(),
        seconds=0.0,
        cell_id=step.cell_id,
    )


def _why(code: int, task: Task) -> str:
    if code == TIMED_OUT:
        return f"stopped after {task.timeout:g} s, its --timeout"
    if code < 0:
        return f"its process was ended by signal {-code}"
    return _CODES.get(code, f"its process ended with code {code}")


def _cores() -> int:
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)
