import functools
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from jupyter_mlpipe.materializers.places import holds_place

ROW = [1]
PLACE = id(ROW)


class Slotted:
    __slots__ = ("seen",)

    def __init__(self):
        self.seen = {PLACE}


def closure():
    known = {PLACE: ROW}
    return lambda x: known[x]


def by_kind(value):
    """Places differ from process to process, and names of tests must not."""
    return type(value).__name__


@pytest.mark.parametrize(
    "value",
    [
        *(PLACE, {PLACE: "a"}, [(0, {PLACE})], SimpleNamespace(known={"a": PLACE}), Slotted()),
        *(closure(), functools.partial(max, PLACE), f"row-{PLACE}", hex(PLACE)),
        *(np.array([1, PLACE]), np.array(["a", PLACE], object), pd.DataFrame({"at": [1, PLACE]})),
        *(pd.DataFrame({"at": ["a", PLACE]}), type("Memo", (), {"seen": {PLACE}})),
    ],
    ids=by_kind,
)
def test_what_id_gave_is_found_wherever_it_is_held(value):
    assert holds_place(value, {PLACE, id(Slotted)})


@pytest.mark.parametrize(
    "value", [ROW, True, PLACE + 1, "row", 1.0, np.arange(3), Slotted, closure], ids=by_kind
)
def test_the_object_itself_is_no_place(value):
    assert not holds_place(value, {PLACE})


def test_nothing_is_looked_through_while_nobody_asked_for_an_id():
    assert not holds_place({PLACE}, frozenset())
