from jupyter_mlpipe.model.views import ArtifactDetails, LineageGraph
from jupyter_mlpipe.model.wire import from_json

PATH = "work/study.ipynb"


async def graph_at(ask, path=PATH):
    status, answer = await ask("graph", path=path)
    assert status == 200
    return from_json(LineageGraph, answer)


async def test_a_notebook_without_records_shows_its_steps_and_leaves_no_trace(ask, root):
    before = set(root.iterdir())
    graph = await graph_at(ask)
    assert (graph.pipeline, graph.notebook, graph.problems) == ("p", PATH, ())
    assert [(node.label, node.status) for node in graph.nodes] == [
        ("load", "not_run"),
        ("train", "not_run"),
    ]
    assert [node.cell_id for node in graph.nodes] == ["cell-1", "cell-2"]
    assert [(edge.source, edge.target) for edge in graph.edges] == [("step:load", "step:train")]
    assert set(root.iterdir()) == before


async def test_what_ran_is_shown_with_what_it_left(ask, recorded):
    graph = await graph_at(ask)
    load = next(node for node in graph.nodes if node.label == "load")
    assert load.status == "stale"  # it is on record with another cell
    assert f"artifact:{recorded}" in {node.id for node in graph.nodes}


async def test_a_notebook_that_is_no_pipeline_says_why(ask, root, notebook):
    notebook("work/twice.ipynb", "%%step a\nx = 1", "%%step a\ny = 2")
    graph = await graph_at(ask, "work/twice.ipynb")
    assert graph.nodes == ()
    assert "already called 'a'" in graph.problems[0]


async def test_a_cell_that_is_no_python_hides_no_other_step(ask, root, notebook):
    notebook("work/broken.ipynb", "%%step a\nx = 1", "%%step b\nif if")
    graph = await graph_at(ask, "work/broken.ipynb")
    assert [node.label for node in graph.nodes] == ["a", "b"]
    assert "not valid Python" in graph.problems[0]


async def test_a_file_that_is_no_notebook_is_a_problem_not_a_failure(ask, root):
    (root / "empty.ipynb").touch()
    graph = await graph_at(ask, "empty.ipynb")
    assert (graph.nodes, len(graph.problems)) == ((), 1)


async def test_an_artifact_comes_with_the_preview_that_was_stored(ask, recorded):
    status, answer = await ask("artifact", path=PATH, id=recorded)
    details = from_json(ArtifactDetails, answer)
    assert (status, details.version.id, details.producer) == (200, recorded, "load")
    assert details.preview.text == "[1, 2, 3]"


async def test_a_damaged_artifact_still_shows_what_is_on_record(ask, recorded, root):
    for file in (root / ".mlpipe" / "artifacts").rglob("*"):
        if file.is_file():
            file.chmod(0o600)
            file.write_bytes(b"x")
    status, answer = await ask("artifact", path=PATH, id=recorded)
    assert status == 200
    assert "changed or cut short" in answer["preview"]["text"]


async def test_an_unknown_artifact_is_told_in_words(ask, recorded):
    status, answer = await ask("artifact", path=PATH, id="../../etc")
    assert status == 400
    assert "../../etc" in answer["message"]
