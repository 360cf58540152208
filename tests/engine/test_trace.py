"""Which functions are heard of while a step runs."""

import sys
import threading

import pytest

from jupyter_mlpipe.engine.trace import FunctionTrace

heard = pytest.mark.skipif(
    not hasattr(sys, "monitoring"), reason="Python tells which functions run from 3.12 on"
)


@pytest.fixture
def trace():
    made = FunctionTrace()
    yield made
    made.stop()


def names(executed):
    return [code.co_qualname for code, _ in executed.started.values() if code.co_name != "stop"]


def double(x):
    return 2 * x


def count():
    yield 1
    yield 2


@heard
def test_each_function_is_told_of_once_and_again_in_the_next_step(trace):
    for _ in range(2):
        executed = trace.start()
        for number in range(1000):
            double(number)
        trace.stop()
        assert names(executed) == ["double"]


@heard
def test_other_threads_and_generators_that_go_on_are_heard(trace):
    numbers = count()
    next(numbers)
    executed = trace.start()
    thread = threading.Thread(target=double, args=(1,))
    thread.start()
    thread.join()
    next(numbers)
    trace.stop()
    assert {"double", "count"} <= set(names(executed))


@heard
def test_nothing_is_heard_after_the_end(trace):
    executed = trace.start()
    trace.stop()
    double(1)
    assert names(executed) == []


@heard
def test_the_text_that_runs_is_told_from_functions(trace):
    text = compile("def f():\n    return [x for x in (1, 2)]\nf()", "<the cell>", "exec")
    executed = trace.start()
    exec(text, {"__name__": "__main__"})
    exec("1", {"__name__": "a_module"})
    trace.stop()
    assert "<the cell>" in executed.own()
    assert "<string>" not in executed.own()


@heard
def test_a_profiler_hears_what_it_heard_before(trace):
    monitoring, calls = sys.monitoring, []
    monitoring.use_tool_id(monitoring.PROFILER_ID, "profiler")
    try:
        event = monitoring.events.PY_START
        monitoring.register_callback(
            monitoring.PROFILER_ID, event, lambda code, _: calls.append(code.co_name)
        )
        monitoring.set_events(monitoring.PROFILER_ID, event)
        executed = trace.start()
        double(1)
        double(2)
        trace.stop()
        double(3)
        monitoring.set_events(monitoring.PROFILER_ID, 0)
    finally:
        monitoring.free_tool_id(monitoring.PROFILER_ID)
    assert calls.count("double") == 3
    assert "double" in names(executed)


@heard
def test_a_place_is_left_free_for_others_between_steps(trace):
    trace.start()
    trace.stop()
    assert [sys.monitoring.get_tool(tool) for tool in (3, 4)] == [None, None]


@heard
def test_where_other_tools_took_every_place_nothing_is_heard(trace):
    for tool in (3, 4):
        sys.monitoring.use_tool_id(tool, "another")
    try:
        executed = trace.start()
        double(1)
        trace.stop()
    finally:
        for tool in (3, 4):
            sys.monitoring.free_tool_id(tool)
    assert not executed.started


@pytest.mark.skipif(hasattr(sys, "monitoring"), reason="this Python tells which functions run")
def test_an_older_python_tells_nothing(trace):
    executed = trace.start()
    double(1)
    trace.stop()
    assert not executed.started
