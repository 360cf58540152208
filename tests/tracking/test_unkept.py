from dataclasses import replace

from jupyter_mlpipe.model.run import OPAQUE, Dependency, DependencyKind
from jupyter_mlpipe.model.views import InputView, OutputView
from jupyter_mlpipe.tracking.graph import NotebookStep, lineage_graph
from jupyter_mlpipe.tracking.reading import run_details
from jupyter_mlpipe.tracking.unkept import unkept_makers, unkept_reads


def takes_turns(history):
    history.unkept("make", makes="g")
    history.unkept("one", reads="g", changes="g")
    history.unkept("rest", reads="g", changes="g")


def test_what_cannot_be_stored_is_shown_without_a_version(history):
    takes_turns(history)
    make, one, rest = run_details(history.store, "run").steps
    assert make.outputs == (OutputView("g", "p::make::g", None, OPAQUE, mutated=False),)
    assert one.inputs == (InputView("g", "p::make::g", None, OPAQUE, "make"),)
    assert one.outputs[0].mutated
    assert rest.inputs[0].produced_by == "one"


def test_what_no_step_made_has_no_maker(history):
    history.unkept("use", reads="lock")
    (use,) = run_details(history.store, "run").steps
    assert use.inputs == (InputView("lock", "p::lock", None, OPAQUE, None),)


def test_a_name_that_was_bound_anew_no_longer_leads_to_its_old_maker(history):
    made = history.unkept("make", makes="g")
    bound = history.step("bind", writes={"g": "kept"})
    used = history.unkept("use", reads="g")
    assert unkept_makers([made, bound, used])[used.id] == {}


def test_what_only_shares_memory_with_what_is_read_is_not_read(history):
    used = history.unkept("use", reads="g")
    shares = Dependency(DependencyKind.INPUT, "h", OPAQUE, "shares memory with what it reads")
    run = replace(used, dependencies=(*used.dependencies, shares))
    assert unkept_reads(run) == ("g",)


def test_the_graph_leads_through_what_cannot_be_stored(history):
    takes_turns(history)
    graph = lineage_graph(
        history.store, "p", "n", [NotebookStep(s) for s in ("make", "one", "rest")]
    )
    assert {(edge.source, edge.target) for edge in graph.edges} == {
        ("step:make", "unkept:make:g"),
        ("unkept:make:g", "step:one"),
        ("step:one", "unkept:one:g"),
        ("unkept:one:g", "step:rest"),
        ("step:rest", "unkept:rest:g"),
    }
    (node,) = [n for n in graph.nodes if n.id == "unkept:make:g"]
    assert (node.kind, node.version, node.reason) == (
        "artifact",
        0,
        "a generator, which cannot be kept",
    )


def test_steps_are_stale_when_it_was_made_anew(history):
    takes_turns(history)
    history.unkept("make", makes="g")
    graph = lineage_graph(
        history.store, "p", "n", [NotebookStep(s) for s in ("make", "one", "rest")]
    )
    found = {node.label: node.reason for node in graph.nodes if node.status == "stale"}
    assert found["one"] == "`g` changed by step make"
    assert "rest" in found
