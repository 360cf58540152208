import datetime
import json
import math
import pathlib
import struct
import zoneinfo
from collections import Counter, OrderedDict

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jupyter_mlpipe.materializers.plain import PlainMaterializer
from jupyter_mlpipe.materializers.tagged import NotPlainError, decode, encode
from jupyter_mlpipe.model.errors import ValueNotLoadableError, ValueNotStorableError
from jupyter_mlpipe.testing.materializers import MaterializerContract

NOW = datetime.datetime(2026, 10, 25, 2, 30, 0, 7, fold=1)  # noqa: DTZ001


class TestPlainMaterializer(MaterializerContract):
    def materializer(self):
        return PlainMaterializer()

    def samples(self):
        return [
            *(None, True, False, 0, -1, 2**200, 0.1, -0.0, math.inf, -math.inf, 1 - 2j),
            *("", "é 👍", "\ud83d\ude00", "\x00", b"", b"\xff\x00", [], (), {}, set(), frozenset()),
            [1, True, 1.0, "1", None, [[]], ((), ())],
            {"a": 1, "b": [1, 2], "": None},
            {"$tuple": [1]},
            {1: "int", "1": "str", (1, 2): "tuple", None: 0, "\udc80": 1},
            *({1, "a", None, (2, 3)}, frozenset({frozenset({1})})),
            *(NOW, NOW.replace(tzinfo=datetime.UTC), NOW.date(), NOW.time()),
            datetime.timedelta(-1, 5, 7),
            *(pathlib.Path("/tmp/é"), pathlib.PureWindowsPath("c:\\x"), pathlib.Path("\udc80")),
        ]

    def left_to_others(self):
        return [Text("x"), OrderedDict(), Counter(), [Text("x")], {"a": {1: Text("x")}}]

    def same(self, left, right):
        return (left == right and repr(left) == repr(right)) or isinstance(left, set | frozenset)

    def change(self, value):
        if isinstance(value, list):
            value.append(1)


def test_not_a_number_keeps_its_bits(tmp_path):
    odd = struct.unpack(">d", bytes.fromhex("fff8000000000123"))[0]
    PlainMaterializer().save([odd], tmp_path)
    (loaded,) = PlainMaterializer().load(tmp_path)
    assert struct.pack(">d", loaded).hex() == "fff8000000000123"


def test_times_that_the_clock_shows_twice_stay_apart(tmp_path):
    PlainMaterializer().save(NOW, tmp_path)
    assert PlainMaterializer().load(tmp_path).fold == 1


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    "value",
    [
        *(Text("a"), Counter("aab"), OrderedDict(a=1), object(), len, int, 10**2000),
        *(range(3), bytearray(b"x"), slice(1), Ellipsis),
        datetime.datetime(2026, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
        [[1]] * 2,
        ["x" * 400_000] * 3,
        list(range(30_000)),
    ],
)
def test_what_would_come_back_different_or_is_large_is_not_accepted(value):
    assert not PlainMaterializer().accepts(value)


def test_a_list_that_holds_itself_is_not_accepted():
    endless = []
    endless.append(endless)
    assert not PlainMaterializer().accepts(endless)


def test_deep_nesting_is_not_accepted():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert not PlainMaterializer().accepts(deep)


def test_json_values_are_stored_as_they_are(tmp_path):
    value = {"rate": 0.1, "layers": [1, 2], "name": None}
    PlainMaterializer().save(value, tmp_path)
    assert json.loads((tmp_path / "value.json").read_text()) == {"format": 1, "value": value}


def test_saving_what_is_not_plain_says_so(tmp_path):
    with pytest.raises(ValueNotStorableError, match="holds a object"):
        PlainMaterializer().save([object()], tmp_path)


def test_a_tag_of_a_later_release_is_not_guessed(tmp_path):
    (tmp_path / "value.json").write_text('{"format": 1, "value": {"$matrix": []}}')
    with pytest.raises(ValueNotLoadableError, match="Upgrade"):
        PlainMaterializer().load(tmp_path)


scalars = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), st.binary(), st.complex_numbers()),
    *(st.text(st.characters(codec=None)), st.datetimes(), st.timedeltas(), st.dates(), st.times()),
)
keys = st.one_of(st.text(), st.integers(), st.booleans(), st.tuples(st.text(), st.integers()))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        *(st.lists(inner), st.tuples(inner, inner), st.dictionaries(keys, inner)),
    ),
)


@given(values)
def test_any_plain_value_comes_back_as_it_was(value):
    try:
        written = json.dumps(encode(value))
    except NotPlainError:  # hypothesis used one of its objects twice
        assume(False)
    assert repr(decode(json.loads(written))) == repr(value)
