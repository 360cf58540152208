from dataclasses import replace

import pytest

from jupyter_mlpipe.config import load_settings
from jupyter_mlpipe.engine.context import open_context
from jupyter_mlpipe.engine.explain import explain_step, explanation_lines
from jupyter_mlpipe.engine.moments import Recorded
from jupyter_mlpipe.engine.reasons import differences
from jupyter_mlpipe.model.run import OPAQUE, Dependency, DependencyKind, Run, Status, StepRun

EARLIER = StepRun("s1", "r1", "study", "fit", Status.SUCCEEDED, 1.0, reason="first run")


@pytest.fixture
def context(tmp_path):
    context = open_context(load_settings(tmp_path, {}))
    context.metadata.append((Run("r1", "study", "notebook", Status.SUCCEEDED, 0.0),))
    yield context
    context.metadata.close()


def told(context, then, now, kind, name="x"):
    """What is said of one dependency that was `then` and is `now`, each a digest and a detail."""
    earlier, later = (Dependency(kind, name, *facts) for facts in (then, now))
    run = replace(EARLIER, dependencies=(earlier,))
    found = differences(run, Recorded(EARLIER, {(kind, name): later}, context), context)
    return [(d.words, d.diff) for d in found]


@pytest.mark.parametrize(
    ("kind", "then", "now", "words"),
    [
        (DependencyKind.PACKAGE, ("1.0",), ("2.0",), "x 1.0 → 2.0"),
        (DependencyKind.PARAMETER, ("a", "0.1"), ("b", "0.2"), "parameter `x` changed: 0.1 → 0.2"),
        (DependencyKind.CONSTANT, ("a",), ("b",), "`x` changed"),
        (DependencyKind.FILE, ("a", "1 bytes"), ("b", "2 bytes"), "x changed"),
        (DependencyKind.MODULE, ("a",), ("b",), "the module `x` was edited"),
        (DependencyKind.IMPORT, ("numpy",), ("cupy",), "`x` means cupy now, before it meant numpy"),
        (DependencyKind.RANDOM, ("a",), ("b",), "x is in another state"),
        (DependencyKind.ENVIRONMENT, ("a",), ("b",), "environment variable x changed"),
        (DependencyKind.INPUT, (OPAQUE,), (OPAQUE,), "`x` cannot be compared with what it was"),
    ],
)
def test_each_kind_of_difference_has_its_words(context, kind, then, now, words):
    assert [said for said, _ in told(context, then, now, kind)] == [words]


def test_what_is_the_same_is_not_mentioned(context):
    assert told(context, ("1.0",), ("1.0",), DependencyKind.PACKAGE) == []


def test_a_changed_file_shows_both_sizes(context):
    ((_, diff),) = told(context, ("a", "1 bytes"), ("b", "2 bytes"), DependencyKind.FILE)
    assert diff == "- 1 bytes\n+ 2 bytes"


def test_a_module_whose_text_was_kept_shows_what_was_edited_in_which_function(context):
    texts = ("def f():\n    return 1\ndef g(): pass\n", "def f():\n    return 2\ndef g(): pass\n")
    then, now = ((text, context.blobs.put(text.encode())) for text in texts)
    ((words, diff),) = told(context, then, now, DependencyKind.MODULE)
    assert words == "the module `x` was edited: f"
    assert diff == " def f():\n-    return 1\n+    return 2\n def g(): pass"


def test_a_module_whose_text_is_gone_is_still_named(context):
    ((words, diff),) = told(context, ("a", "0" * 64), ("b", ""), DependencyKind.MODULE)
    assert (words, diff) == ("the module `x` was edited", "")


def test_a_function_of_the_notebook_is_shown_as_it_was_and_is(context):
    edited = Dependency(DependencyKind.DEFINITION, "f", "a")
    then = replace(EARLIER, dependencies=(edited,), definitions="def f():\n    return 1")
    now = replace(EARLIER, definitions="def f():\n    return 2")
    present = Recorded(now, {(edited.kind, "f"): replace(edited, digest="b")}, context)
    (found,) = differences(then, present, context)
    assert found.words == "`f` was edited"
    assert "-    return 1\n+    return 2" in found.diff


def test_an_explanation_compares_with_the_newest_run_of_the_same_code(context):
    package = Dependency(DependencyKind.PACKAGE, "numpy", "1.0")
    first = replace(EARLIER, cell_hash="h", dependencies=(package,))
    other = replace(EARLIER, id="s2", cell_hash="k", started=2.0, source="edited")
    last = replace(
        first, id="s3", started=3.0, reason="numpy 1.0 → 2.0",
        dependencies=(replace(package, digest="2.0"),),
    )  # fmt: skip
    context.metadata.append((first, other, last))
    found = explain_step("fit", "study", context)
    assert found.compared_with == "s1"
    assert [d.words for d in found.differences] == ["numpy 1.0 → 2.0"]
    assert "package: numpy 2.0" in "\n".join(explanation_lines(found))
