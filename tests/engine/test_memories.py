import pytest

from jupyter_mlpipe.engine.memories import handed_out, remembered, remembered_since
from jupyter_mlpipe.model.errors import NotebookError
from tests.engine.sessions import Session

CACHED = "from functools import lru_cache\nk = 2\n@lru_cache\ndef f(x):\n    return x * {}\n"


def after(code, call, data=("k",)):
    """What is found once `call` was run, in a namespace of its own."""
    namespace = {}
    exec(code, namespace)
    before = remembered(namespace)
    exec(call, namespace)
    return [state.name for state in remembered_since(before, namespace, data)]


def test_a_result_made_from_data_is_remembered():
    assert after(CACHED.format("k"), "f(1)") == ["f"]


def test_so_it_is_where_another_function_reads_the_data():
    assert after("def scale():\n    return k\n" + CACHED.format("scale()"), "f(1)") == ["f"]


def test_so_it_is_for_a_function_that_the_step_itself_defines():
    assert after("", CACHED.format("k") + "f(1)") == ["f"]


@pytest.mark.parametrize("code", [CACHED.format("2"), CACHED.format("len('a')")])
def test_what_the_arguments_alone_decide_may_be_remembered(code):
    assert after(code, "f(1)") == []


def test_asking_again_for_what_is_remembered_changes_nothing():
    assert after(CACHED.format("k") + "f(1)\n", "f(1)") == []


def test_forgetting_is_a_change():
    assert after(CACHED.format("k") + "f(1)\n", "f.cache_clear()") == ["f"]


def test_one_that_is_defined_anew_and_asked_the_same_remembers_something_new():
    assert after(CACHED.format("k") + "f(1)\n", CACHED.format("k") + "f(1)") == ["f"]


@pytest.mark.parametrize("size", ["None", "2"])
def test_a_value_that_can_be_changed_and_is_handed_out_again_is_known_by_identity(size):
    namespace = {}
    exec(f"from functools import lru_cache\n@lru_cache({size})\ndef f(x):\n    return x", namespace)
    exec("a = f(b'x')\nb = (f(1), f('y'))", namespace)
    assert handed_out(namespace, [namespace["a"], namespace["b"], [1]]) == ()
    exec(f"@lru_cache({size})\ndef g(x):\n    return [x]\nc = g(1)\nd = g(2)", namespace)
    assert [state.name for state in handed_out(namespace, [namespace["c"]])] == ["g"]
    assert [state.name for state in handed_out(namespace, [namespace["d"]])] == ["g"]


def test_steps_whose_calls_are_asked_for_run_again(session):
    session.plain("from functools import lru_cache\n@lru_cache\ndef f(x):\n    return x")
    calls = ("%%step call\na = f(1)", "%%step more\nb = f(1)", "%%step other\nc = 1")
    ask = "%%step ask\nhits = f.cache_info().hits"
    for cell in (*calls, ask):
        session.step(cell)
    again = {cell: session.step(cell).step_run for cell in (*calls, ask)}
    assert [run.status.value for run in again.values()] == ["succeeded"] * 2 + [
        "cached",
        "succeeded",
    ]
    assert again[calls[1]].reason == "always runs: `ask` asks for calls that it makes"
    assert again[ask].reason == "always runs: it asks how often `f` was called"


def test_steps_whose_hints_are_asked_for_run_again(session):
    give, ask = "%%step give\nx: int = 1", "%%step ask\nout = list(__annotations__)"
    for cell in (give, ask, give, ask):
        run = session.step(cell).step_run
    assert (
        run.reason
        == "always runs: it asks for the hints of the notebook's variables (__annotations__)"
    )
    assert session.step(give).step_run.reason == "always runs: `ask` asks for hints that it gives"


def test_hints_of_a_step_that_was_skipped_are_missed_by_name(tmp_path):
    Session(tmp_path).step("%%step give\nx: int = 1")
    later = Session(tmp_path, "r2")
    later.step("%%step give\nx: int = 1")
    with pytest.raises(NotebookError, match="the hints of step give are missing"):
        later.step("%%step ask\nout = list(__annotations__)")
