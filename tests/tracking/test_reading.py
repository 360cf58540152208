import pytest

from jupyter_mlpipe.model.artifact import Preview
from jupyter_mlpipe.model.errors import NotFoundError
from jupyter_mlpipe.model.run import Run, Status
from jupyter_mlpipe.model.views import InputView, OutputView
from jupyter_mlpipe.tracking.reading import artifact_details, run_details, run_view


def test_a_run_shows_its_steps_in_the_order_in_which_they_ran(history):
    history.step("train", writes={"model": "m1"})
    history.step("load", writes={"df": "d1"})
    assert [step.step for step in run_details(history.store, "run").steps] == ["train", "load"]


def test_an_input_tells_which_step_made_it(history):
    history.outside("config")
    history.step("load", writes={"df": "d1"})
    history.step("clean", reads="df config", writes={"df": "d2"})
    clean = run_details(history.store, "latest").steps[1]
    assert clean.inputs[0] == InputView("df", "p::load::df", 1, "d1", "load")
    assert clean.inputs[1].produced_by is None
    assert clean.outputs == (OutputView("df", "p::clean::df", 1, "d2", mutated=True),)


def test_the_maker_of_an_input_is_known_across_runs(history):
    history.step("load", writes={"df": "d1"})
    history.store.append([Run("later", "p", "local", Status.RUNNING, 900.0)])
    history.run_id = "later"
    history.step("clean", reads="df")
    details = run_details(history.store, "latest")
    assert details.run.id == "later"
    assert details.steps[0].inputs[0].produced_by == "load"


def test_a_hit_shows_the_versions_that_it_brought_back(history):
    original = history.step("load", writes={"df": "d1"})
    history.hit(original)
    first, second = run_details(history.store, "run").steps
    assert (second.status, second.reason) == ("cached", "unchanged")
    assert first.outputs == second.outputs


def test_a_run_without_steps_and_a_run_that_is_not_there(history):
    assert run_details(history.store, "run").run == run_view(history.run)
    with pytest.raises(NotFoundError, match="'nowhere'"):
        run_details(history.store, "nowhere")


def test_an_artifact_shows_its_sisters_its_maker_and_its_readers(history):
    history.step("load", writes={"df": "d1"})
    history.step("load", writes={"df": "d2"})
    for name in ("clean", "plot", "clean"):
        history.step(name, reads="df")
    preview = Preview("text", text="hello")
    details = artifact_details(history.store, history.live["df"].id, preview)
    assert [sister.version for sister in details.versions] == [2, 1]
    assert (details.producer, details.consumers) == ("load", ("clean", "plot"))
    assert details.preview is preview


def test_the_code_to_load_an_artifact_is_python_whatever_its_name(history):
    version = history.outside("it's a 'name'")
    code = artifact_details(history.store, version.id, None).load_code
    calls = []
    source = code.partition("\n")[2]
    exec(source, {"load_artifact": lambda name, version: calls.append((name, version))})
    assert calls == [(version.name, 1)]
