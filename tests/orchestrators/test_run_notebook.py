"""Real runs: every step here is a process of its own."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import jupyter_mlpipe
from jupyter_mlpipe.client import Client
from jupyter_mlpipe.engine.context import open_context
from jupyter_mlpipe.engine.saving import Wanted, save_value
from jupyter_mlpipe.model.errors import MetadataError, OrchestratorError, PipelineError
from jupyter_mlpipe.model.run import Run, Status
from jupyter_mlpipe.orchestrators.local import LocalOrchestrator, run_notebook
from jupyter_mlpipe.orchestrators.promotion import PromoteOptions, promote
from jupyter_mlpipe.pipelines.codestore import store
from jupyter_mlpipe.pipelines.prepare import prepare
from jupyter_mlpipe.tracking.opening import changing
from jupyter_mlpipe.tracking.reading import run_details

LOAD = "%%step load\nrows = [1, 2, 3]"
CHANGE = "%%step change\nrows.append(FACTOR)"
USE = "%%step use\ntotal = double(sum(rows))"
CELLS = ("%%params\nFACTOR: int = 4", "def double(x):\n    return 2 * x", LOAD, CHANGE, USE)


@pytest.fixture(autouse=True)
def _children_find_the_package(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(jupyter_mlpipe.__file__).parents[1]))


def run(path, settings, parameters=None, *, cache=True):
    return run_notebook(path, parameters or {}, settings, lambda view: None, cache)


def statuses(details):
    return {step.step: step.status for step in details.steps}


def test_a_notebook_runs_and_then_hits_until_a_parameter_changes(settings, write_notebook):
    path = write_notebook(*CELLS)
    first = run(path, settings)
    assert first.run.status == "succeeded"
    assert [o.mutated for step in first.steps for o in step.outputs] == [False, True, False]
    assert set(statuses(run(path, settings)).values()) == {"cached"}
    changed = run(path, settings, {"FACTOR": "5"})
    assert statuses(changed) == {"load": "cached", "change": "succeeded", "use": "succeeded"}
    assert changed.run.parameters == {"FACTOR": 5}


def test_the_file_beside_the_notebook_names_outputs_and_sets_parameters(settings, write_notebook):
    path = write_notebook(*CELLS)
    path.with_name("mlpipe.yaml").write_text(
        "tags: [nightly]\nparameters: {FACTOR: 5}\n"
        "steps:\n  use:\n    outputs:\n      total: {name: sum, version: v1.0, tags: [good]}\n"
    )
    first = run(path, settings)
    assert first.run.parameters == {"FACTOR": 5}
    found = Client(settings).get_artifact_version("sum", "v1.0")
    assert (found.load(), found.tags, found.run.tags) == (22, ("good",), ("nightly",))
    assert set(statuses(run(path, settings)).values()) == {"cached"}
    assert run(path, settings, {"FACTOR": "4"}).run.status == "failed"  # v1.0 stays what it is


def test_what_steps_load_save_and_log_by_name_is_the_same_elsewhere(settings, write_notebook):
    imports = "from jupyter_mlpipe import ExternalArtifact, load_artifact, log_metadata"
    given = "%%step given\ndata = ExternalArtifact(name='numbers')"
    use = "%%step use\nlog_metadata({'n': 3})\ntotal = sum(data) + load_artifact('more')"
    kept = open_context(settings)
    for name, value in (("numbers", [1, 2]), ("more", 10)):
        save_value(value, Wanted(name), kept)
    path = write_notebook(imports, given, use)
    run(path, settings)
    found = Client(settings).get_artifact_version("study::use::total")
    assert (found.load(), found.step.metadata) == (13, {"n": 3})
    assert set(statuses(run(path, settings)).values()) == {"cached"}
    save_value(20, Wanted("more"), kept)
    kept.metadata.close()
    assert statuses(run(path, settings)) == {"given": "cached", "use": "succeeded"}


MATERIALIZER = """
from pathlib import Path
from jupyter_mlpipe import BaseMaterializer
class Lines(BaseMaterializer):
    def save(self, data):
        Path(self.uri, "lines.txt").write_text("\\n".join(data))
    def load(self, data_type):
        return data_type(Path(self.uri, "lines.txt").read_text().split("\\n"))
"""


def test_a_materializer_of_a_cell_goes_along_with_the_steps(settings, write_notebook):
    make = "%%step make --materializer words=Lines\nwords = ['a', 'b']"
    path = write_notebook(MATERIALIZER, make, "%%step use\nn = len(words)")
    run(path, settings)
    assert Client(settings).get_artifact_version("study::make::words").load() == ["a", "b"]
    assert Client(settings).get_artifact_version("study::use::n").load() == 2


def test_steps_draw_random_numbers_one_after_the_other_as_in_the_notebook(settings, write_notebook):
    seed = "import random\nrandom.seed(3)"
    draws = ("%%step a\nx = random.random()", "%%step b\ny = random.random()")
    run(write_notebook(seed, *draws), settings)
    names = ("study::a::x", "study::b::y")
    drawn = [Client(settings).get_artifact_version(name).load() for name in names]
    expected = random.Random(3)
    assert drawn == [expected.random(), expected.random()]


def test_without_cache_every_step_runs(settings, write_notebook):
    path = write_notebook(*CELLS)
    run(path, settings)
    assert set(statuses(run(path, settings, cache=False)).values()) == {"succeeded"}


def test_progress_is_told_as_steps_start_and_end(settings, write_notebook):
    seen = []
    path = write_notebook(LOAD)
    run_notebook(path, {}, settings, lambda view: seen.append((view.step, view.status)))
    assert seen == [("load", "running"), ("load", "succeeded")]


def test_a_failed_step_stops_what_waits_for_it_and_nothing_else(settings, write_notebook):
    bad = "%%step bad\nrows[0] / 0\nquotient = 1"
    path = write_notebook(LOAD, bad, "%%step after --after bad\nx = 1", "%%step beside\ny = 1")
    details = run(path, settings)
    assert details.run.status == "failed"
    assert statuses(details) == {
        "load": "succeeded", "bad": "failed", "after": "cancelled", "beside": "succeeded"
    }  # fmt: skip
    error = next(step.error for step in details.steps if step.step == "bad")
    assert "ZeroDivisionError" in error
    assert "jupyter_mlpipe" not in error


def test_a_failed_step_is_tried_again(settings, write_notebook, tmp_path):
    source = (
        "%%step flaky --retries 2\nfrom pathlib import Path\n"
        "tries = Path('tries').read_text() if Path('tries').exists() else ''\n"
        "Path('tries').write_text(tries + 'x')\nassert tries == 'x'"
    )
    details = run(write_notebook(source), settings)
    assert [step.status for step in details.steps] == ["failed", "succeeded"]
    assert details.run.status == "succeeded"
    assert (tmp_path / "tries").read_text() == "xx"


def test_a_step_that_takes_too_long_is_stopped(settings, write_notebook):
    details = run(write_notebook("%%step slow --timeout 8\nimport time\ntime.sleep(60)"), settings)
    assert details.run.status == "failed"
    assert "8 s" in details.steps[0].reason


def test_a_step_that_is_killed_is_recorded_with_the_signal(settings, write_notebook):
    source = "%%step killed\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    details = run(write_notebook(source), settings)
    assert "signal 9" in details.steps[0].reason


def test_a_change_that_no_record_foresaw_is_refused_and_seen_from_then_on(settings, write_notebook):
    maybe = "%%step maybe\nif FACTOR > 9:\n    rows.append(0)\nseen = len(rows)"
    path = write_notebook("%%params\nFACTOR: int = 4", LOAD, maybe, "%%step use\nn = len(rows)")
    run(path, settings)
    surprised = run(path, settings, {"FACTOR": "10"})
    assert surprised.run.status == "failed"
    assert any("without waiting" in step.error for step in surprised.steps)
    again = run(path, settings, {"FACTOR": "10"})
    assert again.run.status == "succeeded"
    with changing(settings) as metadata:
        steps = prepare(path, settings, {}, metadata).pipeline.steps
    assert steps[-1].depends_on == ("load", "maybe")


def test_what_was_promoted_runs_when_the_notebook_has_gone(settings, write_notebook, tmp_path):
    path = write_notebook(*CELLS)
    written = promote(path, settings, PromoteOptions("local", out=tmp_path / "out")).written
    path.unlink()
    assert run(Path(written[0]), settings).run.status == "succeeded"
    archive = next((settings.home / "code").glob("*.tar.gz"))
    assert set(statuses(run(archive, settings)).values()) == {"cached"}


def test_a_changed_archive_is_refused(settings, write_notebook, tmp_path):
    promote(write_notebook(LOAD), settings, PromoteOptions("local", out=tmp_path / "out"))
    archive = next((settings.home / "code").glob("*.tar.gz"))
    archive.write_bytes(archive.read_bytes() + b" ")
    with pytest.raises(PipelineError, match="changed or cut short"):
        run(archive, settings)
    refused = run(tmp_path / "out" / "study.pipeline.json", settings)
    assert refused.run.status == "failed"
    assert "changed or cut short" in refused.steps[0].error


def test_what_this_machine_cannot_do_is_refused_before_anything_runs(settings, write_notebook):
    with pytest.raises(OrchestratorError, match="image"):
        run(write_notebook("%%step a --image python:3.11\nx = 1"), settings)


def wait_for(condition):
    while not condition():
        time.sleep(0.05)


def submitted(settings, path):
    with changing(settings) as metadata:
        prepared = prepare(path, settings, {}, metadata)
    store(prepared.archive, settings.artifact_store, settings.home)
    return LocalOrchestrator(settings), LocalOrchestrator(settings).submit(prepared.pipeline, {})


def test_a_run_in_the_background_is_found_under_the_id_it_was_given(settings, write_notebook):
    local, submission = submitted(settings, write_notebook("%%step a\nprint('hello')\nx = 1"))
    wait_for(lambda: local.status(submission) not in (Status.QUEUED, Status.RUNNING))
    assert local.status(submission) is Status.SUCCEEDED
    assert local.logs(submission, "a") == "hello\n"
    assert submission.run_id in local.logs(submission)
    with pytest.raises(OrchestratorError, match="no step 'b'"):
        local.logs(submission, "b")


def test_cancelling_stops_the_step_and_is_recorded(settings, write_notebook, tmp_path):
    source = "%%step a\nopen('began', 'w').close()\nimport time\ntime.sleep(60)"
    local, submission = submitted(settings, write_notebook(source, "%%step b --after a\ny = 1"))
    wait_for((tmp_path / "began").exists)
    local.cancel(submission)
    wait_for(lambda: local.status(submission) is not Status.RUNNING)
    assert local.status(submission) is Status.CANCELLED


def test_a_run_whose_process_dies_is_recorded_as_failed_with_the_reason(
    settings, write_notebook, tmp_path
):
    source = "%%step a\nimport os\nopen('pid', 'w').write(str(os.getpid()))\nimport time\n"
    path = write_notebook(source + "time.sleep(60)", "%%step b --after a\ny = 1")
    _, submission = submitted(settings, path)
    wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    os.kill(int(submission.engine_run_id), signal.SIGKILL)
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    with changing(settings) as metadata:
        wait_for(lambda: metadata.get(Run, submission.run_id).status is not Status.RUNNING)
        died, waiting = run_details(metadata, submission.run_id).steps
        assert metadata.get(Run, submission.run_id).status is Status.FAILED
    assert (died.status, died.reason) == ("failed", "the run's process ended with code -9")
    assert (waiting.step, waiting.status) == ("b", "cancelled")


def test_a_run_that_breaks_off_is_recorded_as_failed(settings, write_notebook):
    def progress(view):
        raise MetadataError("the disk is full")

    with pytest.raises(MetadataError):
        run_notebook(write_notebook(LOAD), {}, settings, progress)
    with changing(settings) as metadata:
        details = run_details(metadata, "latest")
    assert details.run.status == "failed"
    assert [step.error for step in details.steps] == ["the disk is full"]


def test_a_run_that_was_told_to_ignore_interrupts_can_be_cancelled(
    settings, write_notebook, tmp_path
):
    source = "%%step a\nopen('began', 'w').close()\nimport time\ntime.sleep(60)"
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    local, submission = submitted(settings, write_notebook(source))
    signal.signal(signal.SIGINT, heard)
    wait_for((tmp_path / "began").exists)
    local.cancel(submission)
    wait_for(lambda: local.status(submission) is not Status.RUNNING)
    assert local.status(submission) is Status.CANCELLED


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_steps_and_the_command_without_a_traceback(
    settings, write_notebook, tmp_path, number
):
    (tmp_path / "mlpipe.toml").touch()
    source = (
        "%%step a\nimport os\nopen('pid', 'w').write(str(os.getpid()))\nimport time\ntime.sleep(60)"
    )
    path = write_notebook(source)
    command = [sys.executable, "-m", "jupyter_mlpipe", "run", str(path)]
    heard = signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell may have it ignored
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    signal.signal(signal.SIGINT, heard)
    wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    process.send_signal(number)
    assert "Traceback" not in process.communicate(timeout=60)[1]
    assert process.returncode != 0
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_step_sees_the_environment_it_asked_for(settings, write_notebook):
    line = '%%step a --env COLOUR="it\'s blue"'
    check = "import os\nassert os.environ['COLOUR'] == \"it's blue\""
    assert run(write_notebook(f"{line}\n{check}"), settings).run.status == "succeeded"


def test_a_step_whose_condition_is_false_is_skipped_and_the_run_goes_on(settings, write_notebook):
    better = "%%step better --if 'len(rows) > 99'\nrows = []"
    path = write_notebook(LOAD, better, "%%step count\nn = len(rows)\nassert n")
    details = run(path, settings)
    assert details.run.status == "succeeded"
    assert statuses(details) == {"load": "succeeded", "better": "skipped", "count": "succeeded"}


def test_with_other_parameters_only_new_elements_run(settings, write_notebook):
    path = write_notebook(
        "%%params\nn: int = 3",
        "%%step make\nxs = list(range(n))",
        "%%step square --map x=xs\ny = x",
    )
    run(path, settings)
    square = run(path, settings, parameters={"n": "5"}).steps[-1]
    assert (square.step, square.status, square.elements) == ("square", "succeeded", 5)
    assert square.reason.endswith("2 of 5 elements ran, 3 cached")
