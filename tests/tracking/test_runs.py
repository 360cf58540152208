import pytest

from jupyter_mlpipe.model.errors import NotFoundError
from jupyter_mlpipe.model.run import Run, Status
from jupyter_mlpipe.tracking.runs import find_run, numbered_runs
from jupyter_mlpipe.tracking.sql import SqlMetadataStore


@pytest.fixture
def store(tmp_path):
    store = SqlMetadataStore(f"sqlite:///{tmp_path / 'm.db'}")
    for number, id_ in enumerate(("aaaaaa01", "aaaaaa02", "bbbbbb03")):
        store.append((Run(id_, "study", "notebook", Status.SUCCEEDED, float(number)),))
    store.append((Run("cccccc04", "other", "local", Status.SUCCEEDED, 9.0),))
    yield store
    store.close()


@pytest.mark.parametrize(
    ("called", "id_"),
    [
        ("1", "aaaaaa01"),
        ("3", "bbbbbb03"),
        ("latest", "bbbbbb03"),
        ("latest~2", "aaaaaa01"),
        ("bbbbbb", "bbbbbb03"),
        ("aaaaaa02", "aaaaaa02"),
    ],
)
def test_a_run_is_found_by_what_people_call_it(store, called, id_):
    assert find_run(store, called, "study").id == id_


@pytest.mark.parametrize("called", ["0", "4", "latest~3", "aaaaaa", "aaa", "nope", ""])
def test_what_is_no_run_or_several_is_answered_with_the_newest(store, called):
    with pytest.raises(NotFoundError, match="3 \\(bbbbbb03"):
        find_run(store, called, "study")


def test_latest_can_pass_over_the_present_session(store):
    assert find_run(store, "latest", "study", but="bbbbbb03").id == "aaaaaa02"


def test_numbers_stay_with_their_runs_when_new_ones_come(store):
    before = {item.run.id: item.number for item in numbered_runs(store, "study")}
    store.append((Run("dddddd05", "study", "notebook", Status.RUNNING, 10.0),))
    after = {item.run.id: item.number for item in numbered_runs(store, "study")}
    assert after == {**before, "dddddd05": 4}
