import pytest

from jupyter_mlpipe.engine.memories import handed_out, remembered, remembered_since

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
