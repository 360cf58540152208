"""This machine: every step in a process of its own, scheduled by cron."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.engine.archive import read_pipeline, unpack
from jupyter_mlpipe.engine.parameters import parse_overrides
from jupyter_mlpipe.engine.worker import LOCAL
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.errors import MlpipeError, OrchestratorError, PipelineError
from jupyter_mlpipe.model.pipeline import CodeArchive, Pipeline, Schedule
from jupyter_mlpipe.model.run import Run, Status
from jupyter_mlpipe.model.views import CompiledFile, RunDetails
from jupyter_mlpipe.orchestrators.base import Capabilities, Orchestrator, Submission
from jupyter_mlpipe.orchestrators.broken_off import ENDED, record_broken_off
from jupyter_mlpipe.orchestrators.interrupts import terminate_as_interrupt
from jupyter_mlpipe.orchestrators.local_run import (
    LocalRun,
    Progress,
    logs_folder,
    read_tail,
)
from jupyter_mlpipe.orchestrators.processes import python_command
from jupyter_mlpipe.orchestrators.requirements import refuse_inexpressible
from jupyter_mlpipe.orchestrators.written import generated_mark
from jupyter_mlpipe.pipelines.bundle import pipeline_json
from jupyter_mlpipe.pipelines.codestore import local_copy, store
from jupyter_mlpipe.pipelines.compile import with_code
from jupyter_mlpipe.pipelines.names import slug
from jupyter_mlpipe.pipelines.prepare import FOLDER_LABEL, prepare
from jupyter_mlpipe.tracking.opening import changing
from jupyter_mlpipe.tracking.reading import run_details
from jupyter_mlpipe.tracking.store import MetadataStore

PIPELINE_SUFFIX = ".pipeline.json"
ARCHIVE_SUFFIX = ".tar.gz"
RUN_ID_VARIABLE = "MLPIPE_NEXT_RUN_ID"
"""How `submit` tells the process it starts under which id it was promised to record itself."""

_LONGEST_LOG = 1_000_000
_LONGEST_ERROR = 4_000


class LocalOrchestrator(Orchestrator):
    """Runs pipelines on this machine; a schedule becomes a line for cron."""

    name: ClassVar[str] = "local"
    title: ClassVar[str] = "This machine"
    unscheduling: ClassVar[str] = (
        "If its line is in your crontab, take it out there (`crontab -e`)."
    )
    # Every step sees the machine's own GPUs, so asking for one changes nothing here.
    capabilities: ClassVar[Capabilities] = Capabilities(
        schedule=True, retries=True, timeout=True, gpu=True, fan_out=True, condition=True
    )

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def compile(self, pipeline: Pipeline) -> tuple[CompiledFile, ...]:
        """The pipeline as JSON, which `mlpipe run` takes, and a crontab when it is scheduled."""
        refuse_inexpressible(pipeline, self.title, self.capabilities)
        stem = slug(pipeline.name, "pipeline")
        files = [CompiledFile(f"{stem}{PIPELINE_SUFFIX}", pipeline_json(pipeline).decode())]
        if pipeline.schedule is not None:
            files.append(CompiledFile(f"{stem}.crontab", self._crontab(pipeline)))
        return tuple(files)

    def run_command(self, pipeline: Pipeline, folder: Path) -> str:
        """Runs the pipeline as promoted, whatever has become of the notebook."""
        file = folder / f"{slug(pipeline.name, 'pipeline')}{PIPELINE_SUFFIX}"
        return f"mlpipe run {shlex.quote(str(file))}"

    def submit(self, pipeline: Pipeline, parameters: Mapping[str, object]) -> Submission:
        """Start a run in the background; its code archive must be stored."""
        refuse_inexpressible(pipeline, self.title, self.capabilities)
        run = _new_run(pipeline, parse_overrides(parameters, pipeline.parameters), new_id())
        with changing(self._settings) as metadata:
            metadata.append((replace(run, status=Status.QUEUED),))
        folder = logs_folder(self._settings, run.id)
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{slug(pipeline.name, 'pipeline')}{PIPELINE_SUFFIX}"
        file.write_bytes(pipeline_json(_with_defaults(pipeline, run.parameters)))
        process = _start_in_background(file, self._settings, run.id)
        # Whoever started it must also take note of its end, or it would stay as a zombie.
        threading.Thread(target=self._see_through, args=(process, run.id), daemon=True).start()
        return Submission(run_id=run.id, engine_run_id=str(process.pid))

    def status(self, submission: Submission) -> Status:
        """As recorded; a run whose process is gone without a word has failed."""
        with changing(self._settings) as metadata:
            run = metadata.get(Run, submission.run_id)
        if run.status in ENDED or _is_alive(int(submission.engine_run_id)):
            return run.status
        return self._break_off(submission.run_id, "the run's process is gone").status

    def logs(self, submission: Submission, step: str | None = None) -> str:
        """The run's own log, or a step's; the last million characters."""
        folder = logs_folder(self._settings, submission.run_id)
        if step is None:
            return read_tail(folder / "run.log", _LONGEST_LOG)
        ids = {
            s.name: s.task or s.id
            for file in folder.glob(f"*{PIPELINE_SUFFIX}")
            for s in read_pipeline(file.read_bytes()).steps
        }
        if step not in ids and step not in ids.values():
            raise OrchestratorError(f"The run has no step {step!r}; it has {', '.join(ids)}.")
        return read_tail(folder / f"{ids.get(step, step)}.log", _LONGEST_LOG)

    def cancel(self, submission: Submission) -> None:
        """As Ctrl-C does: the steps that run are ended, and the run is recorded as cancelled."""
        pid = int(submission.engine_run_id)
        if self.status(submission) not in ENDED and _is_alive(pid):
            os.kill(pid, signal.SIGTERM)  # who starts us in the background ignores SIGINT

    def _see_through(self, process: subprocess.Popen[bytes], run_id: str) -> None:
        code = process.wait()
        with suppress(MlpipeError):  # nobody is left to be told
            self._break_off(run_id, f"the run's process ended with code {code}")

    def _break_off(self, run_id: str, reason: str) -> Run:
        """For a process that has ended; what it printed tells more than its code."""
        folder = logs_folder(self._settings, run_id)
        files = folder.glob(f"*{PIPELINE_SUFFIX}")
        steps = [step for file in files for step in read_pipeline(file.read_bytes()).steps]
        said = read_tail(folder / "run.log", _LONGEST_ERROR).strip()
        with changing(self._settings) as metadata:
            return record_broken_off(metadata, run_id, steps, reason, said)

    def _crontab(self, pipeline: Pipeline) -> str:
        """Runs the stored archive, so that moving files or notebooks about does not matter."""
        if pipeline.schedule is None or pipeline.code is None:
            raise OrchestratorError("A crontab needs a schedule and a stored code archive.")
        _refuse_for_cron(pipeline.schedule)
        archive = local_copy(pipeline.code.sha256, self._settings.home)
        folder = pipeline.labels.get(FOLDER_LABEL, str(self._settings.root))
        said = [f"{name}={value}" for name, value in self._places(pipeline).items() if value]
        command = ["env", *said, *python_command("run", str(archive))]
        if pipeline.schedule.concurrency == "forbid":
            command = ["flock", "-n", f"{archive}.lock", *command]
        line = f"cd {shlex.quote(folder)} && {shlex.join(command)}"
        if "\n" in line:
            raise OrchestratorError("A crontab cannot name a folder with a line break in it.")
        escaped = line.replace("%", "\\%")  # cron reads a bare % as the end of the command
        return (
            f"{generated_mark(pipeline.name)}\n"
            f"# Install with `crontab`; a cron that does not know CRON_TZ uses its own time zone.\n"
            f"CRON_TZ={pipeline.schedule.timezone}\n"
            f"{pipeline.schedule.cron} {escaped}\n"
        )

    def _places(self, pipeline: Pipeline) -> Mapping[str, str]:
        return {
            "MLPIPE_HOME": str(self._settings.home),
            "MLPIPE_PROJECT": self._settings.project,
            "MLPIPE_ARTIFACT_STORE": pipeline.artifact_store,
            "MLPIPE_METADATA_STORE": pipeline.metadata_store,
        }


def run_notebook(
    path: Path,
    parameters: Mapping[str, str],
    settings: Settings,
    progress: Progress,
    cache: bool = True,
) -> RunDetails:
    """Run a notebook, or what was promoted of one, on this machine and wait for it.

    Args:
        path: A notebook, a `.pipeline.json` or a code archive.
        parameters: Text by parameter, each read by the parameter's declared type.
        settings: The project's settings.
        progress: Told of every step as it starts and as it ends, from several threads.
        cache: False runs every step anew.

    Returns:
        The run, whose status tells whether it succeeded, failed or was cancelled.

    Raises:
        NotebookError: A cell cannot run in a process of its own.
        PipelineError: A parameter does not fit, or the file is not a pipeline.
        OrchestratorError: A step asks for something this machine cannot give.
    """
    settings = settings if cache else replace(settings, cache=False)
    promoted = _promoted(path)
    if promoted is not None:
        settings = _where_promoted(promoted, settings)
    with changing(settings) as metadata:
        pipeline = promoted or _from_notebook(path, settings, metadata)
        refuse_inexpressible(pipeline, LocalOrchestrator.title, LocalOrchestrator.capabilities)
        values = parse_overrides(parameters, pipeline.parameters)
        run = _new_run(pipeline, values, os.environ.get(RUN_ID_VARIABLE) or new_id())
        with terminate_as_interrupt():
            LocalRun(pipeline, run, settings, metadata, progress).execute()
        return run_details(metadata, run.id)


def _refuse_for_cron(schedule: Schedule) -> None:
    fields = {
        "catchup": schedule.catchup,
        "start": schedule.start is not None,
        "end": schedule.end is not None,
        "concurrency 'replace'": schedule.concurrency == "replace",
    }
    asked = ", ".join(name for name, wanted in fields.items() if wanted)
    if asked:
        raise OrchestratorError(
            f"cron cannot express the schedule's {asked}. Leave it out, or choose another target."
        )


def _from_notebook(path: Path, settings: Settings, metadata: MetadataStore) -> Pipeline:
    prepared = prepare(path, settings, {}, metadata)
    store(prepared.archive, settings.artifact_store, settings.home)
    return prepared.pipeline


def _promoted(path: Path) -> Pipeline | None:
    """The pipeline that a file holds; None for a notebook."""
    if path.name.endswith(PIPELINE_SUFFIX):
        return read_pipeline(_read(path))
    if path.name.endswith(ARCHIVE_SUFFIX):
        archive = CodeArchive(str(path.absolute()), path.name.removesuffix(ARCHIVE_SUFFIX))
        with tempfile.TemporaryDirectory(prefix="mlpipe-") as folder:
            unpacked = unpack(_read(path), archive.sha256, Path(folder))
        here = replace(unpacked.pipeline, labels={FOLDER_LABEL: str(Path.cwd())})
        return with_code(here, archive)
    return None


def _where_promoted(pipeline: Pipeline, settings: Settings) -> Settings:
    """The stores that the promotion wrote down, whatever folder the file lies in now."""
    return replace(
        settings,
        artifact_store=pipeline.artifact_store or settings.artifact_store,
        metadata_store=pipeline.metadata_store or settings.metadata_store,
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PipelineError(f"{path} cannot be read: {error.strerror}.") from error


def _new_run(pipeline: Pipeline, values: Mapping[str, object], id_: str) -> Run:
    defaults = {parameter.name: parameter.default for parameter in pipeline.parameters}
    return Run(
        id=id_,
        pipeline=pipeline.name,
        kind=LOCAL,
        status=Status.RUNNING,
        started=time.time(),
        notebook=pipeline.notebook,
        parameters=defaults | dict(values),
        user=os.environ.get("USER", ""),
        tags=pipeline.tags,
    )


def _with_defaults(pipeline: Pipeline, values: Mapping[str, object]) -> Pipeline:
    parameters = tuple(replace(p, default=values[p.name]) for p in pipeline.parameters)
    return replace(pipeline, parameters=parameters)


def _start_in_background(file: Path, settings: Settings, run_id: str) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        RUN_ID_VARIABLE: run_id,
        "MLPIPE_HOME": str(settings.home),
        "MLPIPE_PROJECT": settings.project,
        "MLPIPE_ARTIFACT_STORE": settings.artifact_store,
        "MLPIPE_METADATA_STORE": settings.metadata_store,
        "MLPIPE_CACHE": json.dumps(settings.cache),
    }
    with (file.parent / "run.log").open("ab") as log:
        return subprocess.Popen(
            python_command("run", str(file)),
            env=environment,
            cwd=settings.root,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
