import pytest

from jupyter_mlpipe.model.views import PromotePlan, Target
from jupyter_mlpipe.model.wire import from_json

PATH = "work/study.ipynb"
REQUEST = {"path": PATH, "target": "local"}


async def test_every_target_tells_whether_it_can_be_used(ask):
    status, answer = await ask("targets", path=PATH)
    targets = {target["name"]: from_json(Target, target) for target in answer["targets"]}
    assert status == 200
    assert {"local", "airflow"} <= targets.keys()
    assert targets["local"].available
    assert "schedule" in targets["airflow"].capabilities
    assert all(target.available or target.note for target in targets.values())


async def test_a_preview_shows_the_files_and_writes_none(ask, root):
    before = set(root.rglob("*"))
    status, answer = await ask("promote", body=REQUEST)
    plan = from_json(PromotePlan, answer)
    assert status == 200
    assert plan.files
    assert plan.written == ()
    assert [parameter.name for parameter in plan.parameters] == ["lr"]
    assert set(root.rglob("*")) == before


async def test_with_a_folder_the_files_are_written_below_the_root(ask, root):
    schedule = {"cron": "0 6 * * *", "timezone": "Europe/Berlin"}
    body = {**REQUEST, "target": "airflow", "schedule": schedule, "out": "promoted/airflow"}
    status, answer = await ask("promote", body=body)
    assert status == 200
    assert answer["next_fires"]
    for path in answer["written"]:
        assert path.startswith("promoted/airflow/")
        assert (root / path).is_file()


@pytest.mark.parametrize("out", ["../elsewhere", "/tmp/elsewhere", "link/x"])
async def test_nothing_is_written_outside_the_root(ask, root, out):
    (root / "link").symlink_to(root.parent)
    status, _ = await ask("promote", body={**REQUEST, "out": out})
    assert status == 404
    assert not (root.parent / "elsewhere").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target": "nowhere"}, "nowhere"),
        ({"parameters": {"speed": 1}}, "speed"),
        ({"parameters": {"lr": "fast"}}, "lr"),
        ({"schedule": {"cron": "whenever"}}, "whenever"),
        ({"path": 3}, "PromoteRequest"),
    ],
)
async def test_what_cannot_be_promoted_is_told_in_words(ask, change, message):
    status, answer = await ask("promote", body={**REQUEST, **change})
    assert status == 400
    assert message in answer["message"]


async def test_a_submitted_run_is_known_by_its_id(ask):
    status, answer = await ask("submit", body=REQUEST)
    assert (status, answer["format"]) == (200, 1)
    run = (await ask("run", path=PATH, id=answer["run_id"]))[1]["run"]
    assert run["id"] == answer["run_id"]
