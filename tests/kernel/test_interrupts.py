"""Ctrl-C while a step is looked up or kept, and values that take it to get past."""

import os
import signal
import threading
import time

SLOW = """
import pathlib, time
class Slow:
    def __reduce__(self):
        pathlib.Path("looking").touch()
        time.sleep(60)
"""


def run_interrupted(kernel, cell):
    """Run a cell, and interrupt it as soon as the slow value is looked into."""
    mark = kernel.folder / "looking"
    mark.unlink(missing_ok=True)

    def interrupt():
        while not mark.exists():
            time.sleep(0.02)
        os.kill(kernel._manager.provisioner.pid, signal.SIGINT)

    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    done = kernel.run(cell)
    thread.join(30)
    return done


def test_a_result_stands_although_keeping_it_was_interrupted(live_kernel):
    live_kernel.run(SLOW)
    done = run_interrupted(live_kernel, "%%step make\nx = [1]\nslow = Slow()\nlen(x)")
    assert not done.error
    assert "1" in done.text
    assert "not recorded" in done.text
    assert live_kernel.run("print(x)").text.endswith("[1]\n")


def test_after_an_interrupt_steps_go_on_past_the_slow_value(live_kernel):
    live_kernel.run(SLOW + "x = [1]\nslow = Slow()")
    assert "KeyboardInterrupt" in run_interrupted(live_kernel, "%%step total\ns = sum(x)").error
    assert "s v1" in live_kernel.run("%%step total\ns = sum(x)").line
    assert "cached" in live_kernel.run("%%step total\ns = sum(x)").line
    live_kernel.run("x.append(2)")
    assert "`x` changed" in live_kernel.run("%%step total\ns = sum(x)").line


HOSTILE = """
import weakref
class Refuses:
    def __getattribute__(self, name): raise RuntimeError("no")
    __eq__ = __hash__ = __bool__ = __repr__ = lambda *_: 1 / 0
class Counts:
    looks = 0
    def __reduce__(self):
        self.looks += 1
        return object.__reduce__(self)
class Lies:
    __class__ = property(lambda self: type(weakref))
class Unhashable(type):
    __hash__ = None
class OfUnhashable(metaclass=Unhashable): pass
class Node:
    def __init__(self, after): self.after = after
chain = None
for _ in range(10_000): chain = Node(chain)
target = Counts()
weak = weakref.proxy(target)
refuses, counts, lies, odd = Refuses(), Counts(), Lies(), OfUnhashable()
"""


def test_hostile_values_of_plain_cells_leave_steps_alone(live_kernel):
    assert not live_kernel.run(HOSTILE).error
    for cell in ("%%step one\na = [1]", "%%step two\nb = a * 2\nprint(b)"):
        first, again = live_kernel.run(cell), live_kernel.run(cell)
        assert not first.error
        assert "cached" in again.line


def test_hostile_values_of_a_step_are_named_and_all_others_kept(live_kernel):
    done = live_kernel.run(f"%%step one\n{HOSTILE}\na = [1]")
    assert not done.error
    assert "a v1" in done.line
    for name in ("refuses", "chain", "weak"):
        assert f"`{name}`" in done.text
    reading = live_kernel.run("%%step two\nbag = [refuses, lies, odd]\nb = 2")
    assert not reading.error
    assert "b v1" in reading.line
    assert "`bag`" in reading.text


def test_an_interrupted_body_leaves_the_session_in_order(live_kernel):
    live_kernel.run("%%step make\nx = [1]")
    loop = "import pathlib, time\nx.append(2)\npathlib.Path('looking').touch()\ntime.sleep(60)"
    done = run_interrupted(live_kernel, f"%%step grow\n{loop}")
    assert "KeyboardInterrupt" in done.error
    assert "cached" in live_kernel.run("%%step make\nx = [1]").line
    assert live_kernel.run("print(x)").text.endswith("[1]\n")
