PATH = "work/study.ipynb"


async def test_only_the_runs_of_this_notebook_are_listed(ask, recorded, notebook):
    notebook("work/other.ipynb", "%%step load\nx = 1")
    status, answer = await ask("runs", path=PATH)
    assert (status, answer["format"]) == (200, 1)
    assert [run["id"] for run in answer["runs"]] == ["run"]
    assert (await ask("runs", path="work/other.ipynb"))[1]["runs"] == []


async def test_a_run_is_shown_with_its_steps(ask, recorded):
    _, answer = await ask("run", path=PATH, id="run")
    assert answer["run"]["status"] == "succeeded"
    assert [step["step"] for step in answer["steps"]] == ["load"]


async def test_without_records_there_are_no_runs(ask):
    assert (await ask("runs", path=PATH))[1]["runs"] == []
    assert (await ask("run", path=PATH, id="latest"))[0] == 400
