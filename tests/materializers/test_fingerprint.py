import collections
import copy
import functools
import io
import os
import pickle
import random
import struct
import subprocess
import sys
import threading
from pathlib import Path, PureWindowsPath

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from jupyter_mlpipe.materializers.classes import OwnClass
from jupyter_mlpipe.materializers.fingerprint import content_digest, fingerprint

X = np.random.default_rng(0).normal(size=(40, 3))
Y = X[:, 0] > 0

SCRIPT = """
import collections, dataclasses, enum, sys
import numpy as np, pandas as pd
from matplotlib.figure import Figure
from sklearn.ensemble import RandomForestClassifier
from jupyter_mlpipe.materializers.fingerprint import content_digest
class Color(enum.Enum):
    RED = "r"
    BLUE = "b"
@dataclasses.dataclass
class Point:
    tags: set
    kind: type = int
    def size(self):
        return len(self.tags & {"a", "b", "c", "d"})
figure = Figure(layout="constrained")
axes = figure.subplots()
axes.bar(["a", "b"], [1, 2])
rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))
words = ["".join(["w", str(n)]) for n in range(50)]
values = [
    {"b": {1, 2.5, "x", None, (1, "y")}, "a": frozenset(words)}, words, Point(set(words)), Point,
    Color.RED, Color, lambda x: x in {"a", "b", "c"}, collections.Counter(words), np.int8,
    pd.DataFrame({"w": words, "c": pd.Categorical(words), "n": range(50), "o": [set(words)] * 50}),
    RandomForestClassifier(3, random_state=0).fit(X, X[:, 0] > 0), figure, axes, axes.patches, rng,
    pd.Series(words, dtype=object), np.array(words), [X, X.T, X[::2]], len, np, {Color.BLUE: Point},
]
print("\\n".join(f"{type(value).__name__} {content_digest(value)}" for value in values))
"""


def digests(seed):
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", SCRIPT]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_equal_values_have_equal_digests_in_every_process():
    first, second = digests("1").splitlines(), digests("2").splitlines()
    assert first == second
    assert not [line for line in first if line.endswith("None")]


scalars = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.binary()),
    *(st.complex_numbers(allow_nan=False), st.datetimes(), st.fractions(), st.text()),
)
hashable = st.recursive(scalars, lambda inner: st.tuples(inner, inner), max_leaves=4)


def queues(inner):
    return st.builds(collections.deque, st.lists(inner))


values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        *(st.lists(inner), st.tuples(inner, inner), st.dictionaries(hashable, inner)),
        *(
            st.sets(hashable),
            st.frozensets(hashable),
            st.builds(collections.deque, st.lists(inner)),
        ),
    ),
    max_leaves=20,
)


@given(values)
def test_a_copy_has_the_same_digest(value):
    digest = content_digest(value)
    assert digest == content_digest(pickle.loads(pickle.dumps(value)))
    assert len(bytes.fromhex(digest)) == 32


@given(values, values)
def test_different_values_have_different_digests(left, right):
    if left != right:
        assert content_digest(left) != content_digest(right)
        assert fingerprint(left) != fingerprint(right)


@pytest.mark.parametrize("kind", [Path, PureWindowsPath])
def test_how_a_path_was_put_together_does_not_matter(kind):
    assert content_digest(kind("data") / "x.csv") == content_digest(kind("data/x.csv"))
    assert content_digest(kind("data/x.csv")) != content_digest(kind("data/y.csv"))


def test_whether_two_equal_strings_are_one_object_does_not_matter():
    text, other = "some text", "".join(["some ", "text"])
    assert content_digest([text, text, (text, 1)]) == content_digest([text, other, (other, 1)])


DIFFERENT = [
    *(1, True, 1.0, "1", b"1", None, 0, False, 0.0, -0.0, 1 + 0j, float("nan"), "", b"", "None"),
    *([], (), {}, set(), frozenset(), [1], (1,), {1}, frozenset({1}), [[]], [()], [1, 2], [2, 1]),
    *({1: 2}, {"1": 2}, [(1, True)], [(1, 1)], [(1, 1.0)], bytearray(b"1"), range(1)),
    *(np.zeros(3), np.zeros(3, "i8"), np.zeros(3, ">f8"), np.zeros((3, 1)), np.zeros((1, 3))),
    *(np.zeros(0), np.float64(0), np.int64(0), np.dtype("f8"), np.array(None), np.array("")),
    *(np.zeros((2, 3)), np.zeros((3, 2)), np.zeros((2, 3), order="F")),
    *(np.zeros(2, "M8[s]"), np.zeros(2, "M8[ns]"), np.zeros(2, [("a", "f8")])),
    *(pd.Series([1]), pd.Series([1], name="a"), pd.Series([1.0]), pd.Series([1], index=["a"])),
    *(pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]}), pd.DataFrame({"a": [1]}, dtype="i4")),
    *(pd.DataFrame({"a": [1], "b": [1]}), pd.DataFrame({"b": [1], "a": [1]}), pd.DataFrame()),
    *(pd.Index([1]), pd.RangeIndex(1, 2), pd.Timestamp(0), pd.NaT, pd.NA),
    *(LogisticRegression(), LogisticRegression(C=2), LogisticRegression),
    *(len, max, np, pd, lambda: 1, lambda: 2, lambda x=1: 1, lambda *, x=1: 1, lambda: 1.0),
]


@pytest.mark.parametrize("digest", [content_digest, fingerprint])
def test_values_of_other_types_or_contents_differ(digest):
    found = [digest(value) for value in DIFFERENT]
    twice = [value for value, one in zip(DIFFERENT, found, strict=True) if found.count(one) > 1]
    assert twice == []
    assert None not in found


@pytest.mark.parametrize(
    "value",
    [
        *((row for row in [1]), threading.Lock(), [threading.Thread()], io.FileIO(os.devnull)),
        open(os.devnull),  # noqa: SIM115
    ],
)
def test_what_cannot_be_looked_into_has_none(value):
    assert content_digest([value]) is None
    assert fingerprint([value]) is None


def test_looking_at_an_open_file_does_not_read_it(tmp_path):
    (tmp_path / "text").write_text("text")
    with (tmp_path / "text").open() as file:
        assert content_digest(file) is None
        assert file.read() == "text"


def test_layouts_of_bytes_compare_by_their_format():
    assert content_digest(struct.Struct("<if")) == content_digest(struct.Struct("<if"))
    assert content_digest(struct.Struct("<if")) != content_digest(struct.Struct(">if"))


def test_endless_values_are_digested():
    endless = [1]
    endless.append({"self": endless})
    assert content_digest(endless) is not None


def frame():
    return pd.DataFrame({"a": [1, 2], "b": [1.0, 2.0], "c": [[1], {}]})


class Box:
    shelf = ()

    def __init__(self):
        self.content = {"deep": [1]}


def view():
    return np.zeros(9**6)[::2]


def objects():
    return np.array([{}, []], dtype=object)


def texts():
    return np.array(["x", None, -1.0, float("nan")] * 500 + ["z"] * 500, dtype=object)


def model():
    return LogisticRegression().fit(X, Y)


def reshape(array):
    array.resize((3, 2), refcheck=False)


CHANGES = [
    *((list, lambda v: v.append(1)), (lambda: [[1]], lambda v: v[0].append(1))),
    *((dict, lambda v: v.update(a=1)), (set, lambda v: v.add(1))),
    *((lambda: ([],), lambda v: v[0].append(1)), (bytearray, lambda v: v.append(1))),
    *((Box, lambda v: setattr(v, "new", 1)), (Box, lambda v: v.content["deep"].append(2))),
    *((io.StringIO, lambda v: v.write("x")), (lambda: iter([1, 2]), next)),
    *((random.Random, lambda v: v.random()), (np.random.default_rng, lambda v: v.random())),
    *((lambda: np.zeros(6), lambda v: v.fill(1)), (lambda: np.zeros((2, 3)), reshape)),
    *((lambda: np.zeros(6), lambda v: v[2:].fill(1)), (view, lambda v: v.base.fill(1))),
    *((texts, lambda v: v.put(7, "y")), (texts, lambda v: v.put(2, -2.0))),
    *((objects, lambda v: v[0].update(a=1)), (objects, lambda v: v.fill(None))),
    *((frame, lambda v: v.insert(0, "n", 1)), (frame, lambda v: v.isetitem(0, [3, 4]))),
    *((frame, lambda v: v.update({"a": [9, 9]})), (frame, lambda v: v.loc[0, "c"].append(1))),
    *((frame, lambda v: v.attrs.update(a=1)), (frame, lambda v: setattr(v, "index", [5, 6]))),
    (frame, lambda v: v.iloc.__setitem__((0, 1), 7)),
    (frame, lambda v: setattr(v, "columns", list("xyz"))),
    (frame, lambda v: setattr(v.index, "name", "i")),
    *((model, lambda v: v.coef_.fill(1)), (model, lambda v: v.set_params(C=2))),
    *((Figure, lambda v: v.suptitle("new")), (lambda: Figure().subplots(), lambda v: v.plot([1]))),
    (lambda: functools.partial(max, []), lambda v: v.args[0].append(1)),
]


@pytest.mark.parametrize("digest", [content_digest, fingerprint])
@pytest.mark.parametrize(("make", "change"), CHANGES)
def test_a_change_in_place_is_noticed(digest, make, change):
    value = make()
    before = digest(value)
    assert before == digest(value)
    change(value)
    assert digest(value) not in (before, None)


@pytest.mark.parametrize(
    "change",
    [
        *("f.unit = 1", "def f(x, y=[2]): return x", "f.__defaults__[0].append(1)", "tick()"),
        *("c.size = 3", "C.limit = 2", "C.shelf.append(1)", "del C.grow", "c.__class__ = D"),
    ],
)
def test_a_change_of_notebook_code_is_noticed(notebook, change):
    notebook(
        "class D: pass\n"
        "class C:\n"
        "    limit = 1\n"
        "    shelf = []\n"
        "    def grow(self): self.size = 1\n"
        "def f(x, y=[1]): return x\n"
        "def clock():\n"
        "    n = 0\n"
        "    def tick():\n"
        "        nonlocal n\n"
        "        n += 1\n"
        "    return tick\n"
        "c, tick = C(), clock()"
    )

    def looked_at():
        names = notebook.names
        return [fingerprint(names[n]) for n in ("c", "f", "tick")], fingerprint(
            OwnClass(names["C"])
        )

    before = looked_at()
    assert None not in (*before[0], before[1])
    notebook(change)
    assert looked_at() != before


def test_where_a_function_was_written_does_not_matter(notebook):
    first = content_digest(notebook("def f(x):\n    return [y for y in x]", "f"))
    notebook("\n\n")
    moved = compile("\n\n\n# new\ndef f(x):\n\n    return [y for y in x]", "other.py", "exec")
    exec(moved, notebook.names)
    assert content_digest(notebook.names["f"]) == first
    assert content_digest(notebook("def f(x):\n    return [x for y in x]", "f")) != first


def test_where_a_class_in_a_function_was_written_does_not_matter(notebook):
    lines = [
        *("def make():", "  class C:", "    size = {}", "    def __init__(self): self.n = 3"),
        "  return C",
    ]
    text = "\n".join(lines)

    def digest(above, size=3):
        return content_digest(notebook("\n" * above + text.format(size), "make"))

    assert len({digest(above) for above in range(4)}) == 1
    assert len({digest(1, size) for size in (2, 3, 4, "make")}) == 4


def test_whether_two_functions_have_one_code_in_common_does_not_matter(notebook):
    made = "def make(n):\n    return lambda: n\n"
    first, second = notebook(f"{made}pair = make([1]), make([2])", "pair")
    other, _ = notebook(f"{made}again = make([1]), make([2])", "again")
    assert content_digest([first, second]) == content_digest([other, second])
    assert content_digest([first, second]) != content_digest([second, second])


def test_functions_that_call_themselves_are_digested(notebook):
    made = notebook("def make():\n    def f(n): return f(n)\n    return f\ng = make()", "g")
    assert content_digest(made) is not None


def test_the_layout_of_a_frame_in_memory_does_not_matter():
    whole = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    pieces = pd.DataFrame({"a": [1.0, 2.0]})
    pieces["b"] = [3.0, 4.0]
    turned = pd.DataFrame(np.array([[1.0, 3.0], [2.0, 4.0]]), columns=["a", "b"])
    assert content_digest(whole) == content_digest(pieces) == content_digest(turned)


def test_a_frame_that_is_rearranged_while_it_is_read_is_unchanged():
    pieces = pd.DataFrame({"a": [1.0, 2.0]})
    pieces["b"] = [3.0, 4.0]
    before = fingerprint(pieces)
    blocks = pieces._mgr.nblocks
    pieces._consolidate_inplace()
    assert pieces._mgr.nblocks < blocks
    assert fingerprint(pieces) == before


def test_using_a_frame_does_not_change_its_fingerprint():
    used = pd.DataFrame({"a": pd.array([1, None], "Int64"), "b": pd.Categorical(["x", "y"])})
    before = fingerprint(used), content_digest(used)
    used.describe(include="all")
    used.groupby("b", observed=True).sum()
    assert (fingerprint(used), content_digest(used)) == before


def test_text_columns_compare_however_they_were_cut():
    words = pd.Series(["a", "bb", None, "dddd"])
    joined = pd.concat([words.iloc[:2], words.iloc[2:]])
    assert content_digest(joined) == content_digest(words)
    assert content_digest(words.iloc[1:]) == content_digest(copy.deepcopy(words.iloc[1:]))
    assert content_digest(words) != content_digest(words.fillna(""))


def test_predicting_leaves_a_model_as_it_was():
    model = RandomForestClassifier(3, random_state=0).fit(X, Y)
    before = fingerprint(model), content_digest(model)
    model.predict(X)
    assert (fingerprint(model), content_digest(model)) == before


@settings(max_examples=30)
@given(st.integers(0, 11), st.sampled_from(["f8", "i2", "M8[s]", "c16", "O", ">f4"]))
def test_one_changed_element_of_an_array_is_noticed(place, dtype):
    array = np.arange(12).reshape(3, 4).astype(dtype)
    before = fingerprint(array), content_digest(array)
    array.flat[place] = array.flat[place - 1]
    assert fingerprint(array) != before[0]
    assert content_digest(array) != before[1]


def test_pickling_an_object_leaves_its_class_as_it_was(notebook):
    made = notebook("class C:\n    pass\nc = C()", "c")
    before = content_digest(made)
    pickle.dumps(made, 5)
    assert content_digest(made) == before


def test_a_column_added_here_or_after_loading_is_the_same_content():
    made = pd.DataFrame({"a": [1]})
    loaded = pickle.loads(pickle.dumps(made))
    for frame in (made, loaded):
        frame["b"] = 2
    assert content_digest(made) == content_digest(loaded)


@pytest.mark.parametrize("make", [lambda s: s.groupby([0, 0, 1]), lambda s: s.rolling(2)])
def test_what_pandas_remembers_of_groups_and_windows_is_no_change(make):
    made = make(pd.Series([1.0, 2.0, 3.0]))
    before = content_digest(made), fingerprint(made)
    made.mean()
    assert (content_digest(made), fingerprint(made)) == before


def test_where_stop_words_were_checked_is_no_content():
    models = [TfidfVectorizer(stop_words=["a", "the"]).fit(["a cat", "the dog"]) for _ in "ab"]
    assert models[0]._stop_words_id != models[1]._stop_words_id
    assert content_digest(models[0]) == content_digest(models[1])


def test_asking_neighbours_leaves_the_model_as_it_was():
    model = KNeighborsClassifier().fit(X, Y)
    before = content_digest(model), fingerprint(model)
    model.predict(X)
    assert (content_digest(model), fingerprint(model)) == before
    assert content_digest(KNeighborsClassifier().fit(X + 1, Y)) != before[0]


def test_what_a_sparse_matrix_finds_out_about_itself_is_no_change():
    matrix = scipy.sparse.csr_matrix(X)
    before = content_digest(matrix), fingerprint(matrix)
    assert matrix.has_canonical_format
    assert (content_digest(matrix), fingerprint(matrix)) == before
    matrix.data[0] += 1
    assert content_digest(matrix) != before[0]
    assert fingerprint(matrix) != before[1]


def test_asking_a_partial_function_for_its_attributes_does_not_change_it():
    made, asked = functools.partial(int, base=2), functools.partial(int, base=2)
    assert vars(asked) == {}
    assert content_digest(asked) == content_digest(made)
    asked.note = 1
    assert content_digest(asked) != content_digest(made)
