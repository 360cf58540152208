"""Classes of the notebook: what they hold, and how they are given it back."""

import enum

import pytest

from jupyter_mlpipe.materializers.buffers import BufferDigests
from jupyter_mlpipe.materializers.classes import OwnClass, members_of, virtual_subclasses
from jupyter_mlpipe.materializers.cloudpickled import CloudpickleMaterializer
from jupyter_mlpipe.materializers.fingerprint import content_digest
from jupyter_mlpipe.materializers.standing import state_fingerprint, still_registered

CELL = """
import abc, threading
from weakref import WeakKeyDictionary
class Kept:
    def __init__(self): self.seen = []
    def __get__(self, obj, kind=None): return self
class told(property):
    pass
def counted(function):
    calls = 0
    def inner(self):
        nonlocal calls
        calls += 1
        return calls
    return inner
class A: pass
class B: pass
class P(abc.ABC):
    lock = threading.Lock()
    kept = Kept()
    values = WeakKeyDictionary()
    @property
    def level(self, asked=[]): return asked
    @told
    def depth(self): return 3
    @counted
    def ring(self): ...
    @staticmethod
    def book(booked={}): return booked
key = B()
"""
CHANGES = [
    *("P.kept.seen.append(1)", "P().level.append(1)", "P().ring()", "P.book()['a'] = 1"),
    *("P.register(A)", "P.depth.word = 1", "P.values[key] = 1", "P.lock = threading.Lock()"),
]


@pytest.fixture
def restored(notebook, tmp_path):
    """Keeps `P`, runs a cell, and gives `P` what it held before."""

    def restore(cell):
        held = OwnClass(notebook("", "P"))
        CloudpickleMaterializer().save(held, tmp_path)
        notebook(cell)
        return CloudpickleMaterializer().load(tmp_path)

    return restore


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_class_is_told_is_noticed(notebook, change):
    buffers = BufferDigests(None)
    before = state_fingerprint(notebook(CELL, "P"), buffers)
    assert before == state_fingerprint(notebook("", "P"), buffers)
    notebook(change)
    assert state_fingerprint(notebook("", "P"), buffers) not in (before, None)


@pytest.mark.parametrize("change", CHANGES[:-2])
def test_what_a_class_is_told_is_content_and_is_given_back(notebook, restored, change):
    kind = notebook(f"{CELL}del P.lock", "P")
    before = content_digest(kind)
    notebook(change)
    changed = content_digest(kind)
    assert before != changed
    ring = kind.ring
    assert restored(f"{change}; P.register(B)") is kind
    assert content_digest(kind) == changed
    assert kind.ring is ring


def test_asking_an_abstract_class_changes_nothing(notebook):
    kind = notebook(CELL, "P")
    before = state_fingerprint(kind, BufferDigests(None))
    notebook("isinstance(3, P), isinstance(key, P), issubclass(A, P)")
    assert state_fingerprint(kind, BufferDigests(None)) == before


def test_a_registered_class_that_was_defined_anew_is_registered_no_longer(notebook):
    kind = notebook(f"{CELL}P.register(A); old = A", "P")
    notebook("class A: pass")
    assert virtual_subclasses(kind) == ()


def test_an_abstract_class_forgets_what_it_answered_of_a_class_that_is_taken_back(
    notebook, restored
):
    notebook(f"{CELL}del P.lock\nP.register(A)")
    kind = restored("P.register(B); isinstance(key, P)")
    assert virtual_subclasses(kind) == (notebook("", "A"),)
    assert not isinstance(notebook("", "key"), kind)


def test_what_was_registered_before_stays_so_where_definitions_did_it(notebook, restored):
    kind = notebook(f"{CELL}del P.lock", "P")
    with still_registered([kind]):
        restored("")
    notebook("P.register(A)")
    with still_registered([kind]):
        CloudpickleMaterializer()
    assert virtual_subclasses(kind) == (notebook("", "A"),)


def test_what_python_remembers_of_an_inverted_flag_is_no_content():
    kind = enum.Flag("Color", "RED BLUE")
    before = members_of(kind)
    assert ~kind.RED is kind.BLUE
    assert members_of(kind) == before
    assert before["RED"]["_value_"] == 1
