import pytest

from jupyter_mlpipe.model.run import Status
from jupyter_mlpipe.tracking.graph import NotebookStep, lineage_graph


def graph_of(history, *steps):
    steps = [step if isinstance(step, NotebookStep) else NotebookStep(step) for step in steps]
    return lineage_graph(history.store, "p", "study.ipynb", steps)


def statuses(graph):
    return {node.label: node.status for node in graph.nodes if node.kind == "step"}


def reason(graph, step):
    return next(node.reason for node in graph.nodes if node.label == step)


def lines(graph):
    """Edges by what their ends are called."""
    names = {
        node.id: node.label if node.kind == "step" else f"{node.label}{node.version}"
        for node in graph.nodes
    }
    return {(names[edge.source], names[edge.target]) for edge in graph.edges}


@pytest.fixture
def study(history):
    history.step("load", writes={"df": "raw"})
    history.step("clean", reads="df", writes={"df": "clean"})
    history.step("train", reads="df", writes={"model": "m"})
    return history


def test_a_notebook_that_never_ran_shows_its_steps_and_what_they_wait_for(history):
    graph = graph_of(history, "load", NotebookStep("train", "cell-2", "h", ("load", "gone")))
    assert statuses(graph) == {"load": "not_run", "train": "not_run"}
    assert graph.nodes[1].cell_id == "cell-2"
    assert lines(graph) == {("load", "train")}


def test_data_flows_through_versions_and_a_change_in_place_is_a_new_one(study):
    graph = graph_of(study, "load", "clean", "train")
    assert set(statuses(graph).values()) == {"succeeded"}
    assert len([node for node in graph.nodes if node.label == "df"]) == 2
    assert len(graph.edges) == 5
    assert lines(graph) >= {("load", "df1"), ("df1", "clean"), ("df1", "train")}


def test_data_made_outside_any_step_is_marked(history):
    history.outside("config")
    history.step("load", reads="config")
    graph = graph_of(history, "load")
    assert [node.outside for node in graph.nodes if node.kind == "artifact"] == [True]
    assert lines(graph) == {("config1", "load")}


def test_an_edited_cell_is_stale_and_so_is_what_was_made_of_it(study):
    graph = graph_of(study, "load", NotebookStep("clean", cell_hash="other"), "train")
    assert statuses(graph) == {"load": "succeeded", "clean": "stale", "train": "stale"}
    assert "edited" in reason(graph, "clean")
    assert "step clean" in reason(graph, "train")


def test_the_same_code_is_not_stale(study):
    graph = graph_of(study, NotebookStep("clean", cell_hash="clean"))
    assert statuses(graph) == {"clean": "succeeded"}


def test_a_newer_input_makes_stale_all_the_way_down(study):
    study.step("load", writes={"df": "raw, again"})
    graph = graph_of(study, "load", "clean", "train")
    assert statuses(graph) == {"load": "succeeded", "clean": "stale", "train": "stale"}
    assert reason(graph, "clean") == "`df` changed by step load"


def test_running_again_with_an_equal_result_makes_nothing_stale(study):
    study.step("load", writes={"df": "raw"})
    assert statuses(graph_of(study, "load", "clean", "train"))["clean"] == "succeeded"


def test_going_back_to_an_older_result_makes_stale_what_used_the_newer(study):
    first = study.step("load", writes={"df": "raw"})
    study.step("load", writes={"df": "other"})
    study.step("clean", reads="df", writes={"df": "clean other"})
    study.hit(first)
    assert statuses(graph_of(study, "load", "clean"))["clean"] == "stale"


def test_a_hit_is_shown_with_the_versions_of_the_original(history):
    history.hit(history.step("load", writes={"df": "raw"}))
    graph = graph_of(history, "load")
    assert statuses(graph) == {"load": "cached"}
    assert lines(graph) == {("load", "df1")}


def test_a_failure_shows_while_the_earlier_versions_stand(study):
    study.step("clean", reads="df", status=Status.FAILED, reason="edited")
    graph = graph_of(study, "load", "clean", "train")
    assert statuses(graph) == {"load": "succeeded", "clean": "failed", "train": "succeeded"}
    assert ("clean", "df1") in lines(graph)


def test_a_step_still_running_does_not_hide_its_last_result(study):
    study.step("train", reads="df", status=Status.RUNNING)
    assert statuses(graph_of(study, "train")) == {"train": "succeeded"}


def test_every_edge_ends_at_nodes_that_are_shown(study):
    graph = graph_of(study, "clean")
    ids = {node.id for node in graph.nodes}
    assert all({edge.source, edge.target} <= ids for edge in graph.edges)
