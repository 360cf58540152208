"""What a preview or a look makes of a value's attributes is taken back."""

import functools
from io import BytesIO, StringIO
from types import SimpleNamespace

import pytest

from jupyter_mlpipe.materializers.fingerprint import content_digest
from jupyter_mlpipe.materializers.previews import table_preview, text_preview
from jupyter_mlpipe.materializers.untouched import untouched


class Results:
    shown = 0

    @functools.cached_property
    def table(self):
        return [1, 2]

    def __repr__(self):
        self.shown += 1
        self.__dict__.pop("draft", None)
        print("looking")  # noqa: T201 - as classes of users do
        return f"Results({self.table})"


class Slotted:
    __slots__ = ("_attrs", "inner")

    def __init__(self, inner=None):
        self.inner = inner

    def __setattr__(self, name, value):
        if name == "_attrs" and hasattr(self, name):
            raise AttributeError(name)
        super().__setattr__(name, value)

    def __repr__(self):
        if not hasattr(self, "_attrs"):
            self._attrs = {}
        return f"Slotted({self._attrs}, {self.inner!r})"


class OddError(ValueError):
    pass


@pytest.mark.parametrize("around", [lambda r: r, lambda r: [r], lambda r: SimpleNamespace(inner=r)])
def test_a_preview_leaves_no_trace_in_what_it_shows(around, capsys):
    results = Results()
    results.draft = draft = object()
    assert "Results([1, 2])" in text_preview(around(results)).text
    assert vars(results) == {"draft": draft}
    assert capsys.readouterr().out == ""


def test_cells_of_a_table_are_looked_at_without_a_trace():
    pandas = pytest.importorskip("pandas")
    results = Results()
    preview = table_preview(pandas.DataFrame({"a": [results, 1]}))
    assert preview.rows[0][1] == "Results([1, 2])"
    assert vars(results) == {}


def test_attributes_are_put_back_when_the_look_fails():
    results = Results()

    def look():
        results.made = 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), untouched(results):
        look()
    assert vars(results) == {}


def test_what_a_thread_puts_into_a_container_meanwhile_stays():
    waiting = SimpleNamespace(items=[1], by_name={})
    with untouched(waiting):
        waiting.items.append(2)
        waiting.by_name["a"] = 1
    assert (waiting.items, waiting.by_name) == ([1, 2], {"a": 1})


def test_modules_classes_and_cycles_are_no_part_of_a_value():
    node = SimpleNamespace(of=SimpleNamespace, home=functools)
    node.itself = node
    with untouched(node):
        functools.noted = 1
        node.extra = 1
    assert functools.noted == 1
    assert not hasattr(node, "extra")
    del functools.noted


@pytest.mark.parametrize(
    "value", [StringIO("text"), BytesIO(b"bytes"), ValueError("bad"), OddError(1)]
)
def test_a_look_gives_nothing_a_dict_of_attributes_that_had_none(value):
    """Pickled beside that, even an empty one counts."""
    before = content_digest([value])
    with untouched([value]):
        pass
    text_preview([value])
    assert content_digest([value]) == before


def test_a_preview_leaves_no_trace_in_slots():
    value = Slotted(Slotted(Results()))
    assert text_preview(value).text == "Slotted({}, Slotted({}, Results([1, 2])))"
    assert not hasattr(value, "_attrs")
    assert not hasattr(value.inner, "_attrs")
    assert vars(value.inner.inner) == {}


def test_a_slot_that_a_look_filled_anew_holds_what_it_held():
    value = Slotted()
    value._attrs = held = {"a": 1}
    with untouched(value):
        del value._attrs
        value._attrs = {}
    assert value._attrs is held
