import collections
import copyreg
import dataclasses
import decimal
import io
import sqlite3
import sys
import threading

import numpy as np
import pytest

from jupyter_mlpipe.materializers.cloudpickled import CloudpickleMaterializer
from jupyter_mlpipe.materializers.fingerprint import content_digest
from jupyter_mlpipe.model.errors import ValueNotLoadableError, ValueNotStorableError
from jupyter_mlpipe.testing.materializers import MaterializerContract


@dataclasses.dataclass
class Point:
    x: int
    names: list


class TestCloudpickleMaterializer(MaterializerContract):
    def materializer(self):
        return CloudpickleMaterializer()

    def samples(self):
        return [
            *(Point(1, ["a"]), collections.Counter("aab"), decimal.Decimal("1.0"), len, Point),
            *(np.array([{"a": 1}, None]), bytearray(b"x" * 100_000), [[1] * 3] * 2),
            *({"a": np.zeros(50_000)}, np.zeros(2, [("a", "i1"), ("b", "f8")]), io.BytesIO(b"x")),
        ]

    def same(self, left, right):
        if isinstance(left, io.BytesIO):
            return left.getvalue() == right.getvalue()
        return repr(left) == repr(right)

    def change(self, value):
        if isinstance(value, bytearray):
            value[:] = b"y" * len(value)
        elif type(value) is dict:
            value["a"][:] = 1


def kept(value, tmp_path):
    tmp_path.joinpath("kept").mkdir()
    CloudpickleMaterializer().save(value, tmp_path / "kept")
    return CloudpickleMaterializer().load(tmp_path / "kept")


def refused(value, tmp_path):
    with pytest.raises(ValueNotStorableError) as caught:
        CloudpickleMaterializer().save(value, tmp_path)
    return str(caught.value)


class Bunch(dict):
    def __init__(self, **items):
        dict.__init__(self, items)
        self.__dict__ = self


def test_a_dict_whose_items_are_its_attributes_stays_one(tmp_path):
    loaded = kept(Bunch(rows=[1, 2]), tmp_path)
    loaded["more"] = loaded.rows
    assert loaded.more is loaded["rows"]
    assert loaded.__dict__ is loaded


def test_a_generator_is_refused_with_advice(tmp_path):
    message = refused({"rows": (row for row in [1])}, tmp_path)
    assert "type dict" in message
    assert "'generator'" in message
    assert "list" in message


def test_an_open_file_is_refused_and_not_read(tmp_path):
    source = tmp_path / "source.txt"
    source.write_text("text")
    with source.open() as file:
        assert "path" in refused([file], tmp_path)
        assert file.read() == "text"


@pytest.mark.parametrize(
    "value", [threading.Lock(), memoryview(b"x"), iter(threading.enumerate()), threading.Thread()]
)
def test_what_only_lives_in_this_process_is_refused(tmp_path, value):
    assert "cannot be stored" in refused(value, tmp_path)


def test_a_connection_is_refused(tmp_path):
    connection = sqlite3.connect(":memory:")
    assert "sqlite3.Connection" in refused(connection, tmp_path)
    connection.close()


def test_a_session_of_ipython_is_refused(tmp_path):
    shell = pytest.importorskip("IPython.core.interactiveshell")
    assert "InteractiveShell" in refused(
        [shell.InteractiveShell.__new__(shell.InteractiveShell)], tmp_path
    )


def test_endless_nesting_is_refused(tmp_path):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert "flatter" in refused(deep, tmp_path)


def test_a_class_that_raises_when_it_is_taken_apart_is_refused(tmp_path):
    class Stubborn:
        def __reduce__(self):
            raise KeyError("no")

    assert "Stubborn" in refused(Stubborn(), tmp_path)


def test_an_instance_belongs_to_the_class_that_the_notebook_has_now(tmp_path, notebook):
    thing = notebook("class C:\n    size = 1\nc = C(); c.x = 5", "c")
    CloudpickleMaterializer().save(thing, tmp_path)
    changed = notebook("class C:\n    size = 2", "C")
    loaded = CloudpickleMaterializer().load(tmp_path)
    assert (type(loaded), loaded.x, loaded.size) == (changed, 5, 2)


def test_a_missing_class_is_named_with_the_way_out(tmp_path, notebook):
    CloudpickleMaterializer().save(notebook("class Car: pass\ncar = Car()", "car"), tmp_path)
    del notebook.names["Car"]
    with pytest.raises(ValueNotLoadableError, match=r"`Car`.*Run the cell that defines it"):
        CloudpickleMaterializer().load(tmp_path)


def test_an_instance_of_a_replaced_class_is_refused_rather_than_kept_beside_the_new_one(
    tmp_path, notebook
):
    notebook("class C:\n    size = 1\nold = C()")
    notebook("class C:\n    size = 2")
    with pytest.raises(ValueNotStorableError, match="defined anew"):
        kept(notebook.names["old"], tmp_path)


def test_a_function_stays_what_it_was_though_the_notebook_has_a_newer_one(tmp_path, notebook):
    CloudpickleMaterializer().save([notebook("def f(): return 1", "f")], tmp_path)
    notebook("def f(): return 2", "f")
    assert CloudpickleMaterializer().load(tmp_path)[0]() == 1


def test_a_function_keeps_what_it_gathered_in_a_default(tmp_path, notebook):
    notebook("def f(x, seen=[]):\n    seen.append(x)\n    return seen\nf(1)")
    CloudpickleMaterializer().save(notebook.names["f"], tmp_path)
    assert CloudpickleMaterializer().load(tmp_path)(2) == [1, 2]


def test_a_lambda_reads_the_namespace_it_is_loaded_into(tmp_path, notebook):
    scale = notebook("rate = 2\nscale = lambda x, *, plus=1: x * rate + plus", "scale")
    scale.unit = "m"
    loaded = kept(scale, tmp_path)
    notebook("rate = 10")
    assert (loaded(1), loaded.unit, loaded.__name__) == (11, "m", "<lambda>")


def test_closures_keep_the_variable_they_share(tmp_path, notebook):
    pair = notebook(
        "def counter():\n"
        "    n = 0\n"
        "    def up():\n"
        "        nonlocal n\n"
        "        n += 1\n"
        "    return up, lambda: n\n"
        "pair = counter()",
        "pair",
    )
    up, count = kept(pair, tmp_path)
    up()
    assert (count(), pair[1]()) == (1, 0)


def test_a_closure_that_calls_itself_is_kept(tmp_path, notebook):
    source = "def make():\n    def f(n): return n and n + f(n - 1)\n    return f\nf3 = make()"
    assert kept(notebook(source, "f3"), tmp_path)(3) == 6


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    (tmp_path / "vanishing.py").write_text("class Thing: pass")
    monkeypatch.syspath_prepend(tmp_path)
    import vanishing

    (tmp_path / "kept").mkdir()
    CloudpickleMaterializer().save(vanishing.Thing(), tmp_path / "kept")
    (tmp_path / "vanishing.py").unlink()
    del sys.modules["vanishing"]
    monkeypatch.undo()
    with pytest.raises(ValueNotLoadableError, match="vanishing, which is not installed"):
        CloudpickleMaterializer().load(tmp_path / "kept")


def test_views_inside_one_value_look_at_one_memory_again(tmp_path):
    base = np.arange(6.0)
    loaded = kept({"base": base, "view": base[1:3]}, tmp_path)
    loaded["base"][1] = 9
    assert loaded["view"][0] == 9


def test_a_small_view_does_not_drag_all_memory_along(tmp_path):
    CloudpickleMaterializer().save([np.zeros(1_000_000)[:3]], tmp_path)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 10_000


def test_read_only_arrays_stay_read_only(tmp_path):
    arrays = [np.zeros(3), np.zeros(50_000), np.array(["2026"], "M8[D]")]
    for array in arrays:
        array.flags.writeable = False
    assert [array.flags.writeable for array in kept(arrays, tmp_path)] == [False] * 3


class Forgetful:
    """Starts anew when it is brought back."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.fitted = False
        self.score = self.compute

    def compute(self):
        return self.fitted

    def __getstate__(self):
        return {name: value for name, value in vars(self).items() if name != "score"}

    def __setstate__(self, state):
        vars(self).update(state)
        self.reset()


def test_a_class_that_forgets_on_the_way_back_is_passed_by(tmp_path):
    model = Forgetful()
    model.fitted = True
    loaded = kept({"model": model}, tmp_path)["model"]
    assert loaded.fitted
    assert loaded.score()
    assert loaded.score.__self__ is loaded


class Slotted:
    __slots__ = ("left", "right")

    def __setstate__(self, state):
        self.left = 0


def test_attributes_without_a_dict_come_back_as_well(tmp_path):
    pair = Slotted()
    pair.left = 7
    loaded = kept(pair, tmp_path)
    assert loaded.left == 7
    assert not hasattr(loaded, "right")


class Remade(Forgetful):
    def __reduce__(self):
        return Remade, (), vars(self)


def test_what_its_class_makes_up_anew_is_refused(tmp_path):
    model = Remade()
    model.fitted = True
    assert "its class brings back something else" in refused(model, tmp_path)


def test_a_function_in_a_value_is_the_one_that_the_notebook_has(tmp_path, notebook):
    source = "def f(x, by=2): return [y * by for y in x]"
    CloudpickleMaterializer().save([notebook(source, "f")], tmp_path)
    again = notebook(f"# on another line\n{source}", "f")
    assert CloudpickleMaterializer().load(tmp_path) == [again]
    notebook("def f(x, by=True): return [y * by for y in x]")
    assert CloudpickleMaterializer().load(tmp_path)[0]([1]) == [2]


def test_what_an_object_was_given_beside_what_it_is_made_of_stays(tmp_path, notebook):
    source = "class P:\n    def __init__(self, x): self.x = x\n"
    point = notebook(
        source + "    def __reduce__(self): return P, (self.x,)\np = P(1); p.y = 2", "p"
    )
    CloudpickleMaterializer().save(point, tmp_path)
    assert vars(CloudpickleMaterializer().load(tmp_path)) == {"x": 1, "y": 2}


@pytest.mark.parametrize(
    ("base", "made"),
    [
        ("collections.Counter", "P('aab')"),
        ("collections.defaultdict", "P(list, a=1)"),
        ("decimal.Decimal", "P('1.5')"),
        ("random.Random", "P(3)"),
        ("pandas.DataFrame", "P({'a': [1]})"),
    ],
)
def test_what_an_object_was_given_that_the_class_of_a_library_forgets_stays(
    tmp_path, notebook, base, made
):
    module = base.partition(".")[0]
    source = f"import {module}\nclass P({base}): pass\nboth = {made}, {made}"
    one, other = notebook(source, "both")
    vars(one)["given"], vars(other)["given"] = [7], [8]
    CloudpickleMaterializer().save(one, tmp_path)
    loaded = CloudpickleMaterializer().load(tmp_path)
    assert loaded.given == [7]
    assert content_digest(loaded) == content_digest(one) != content_digest(other)


def test_a_frame_of_the_notebooks_own_class_is_kept_by_its_metadata(tmp_path, notebook):
    source = "import pandas\nclass P(pandas.DataFrame):\n    _metadata = ['source']\n"
    frame = notebook(source + "p = P({'a': [1]})\np.source = 'web'", "p")
    CloudpickleMaterializer().save(frame, tmp_path)
    assert CloudpickleMaterializer().load(tmp_path).source == "web"


def test_slots_are_filled_although_their_class_guards_them(tmp_path, notebook):
    source = "class P:\n    __slots__ = ('x',)\n    def __setattr__(self, *_): raise TypeError\n"
    point = notebook(source + "p = P()\nobject.__setattr__(p, 'x', [1])", "p")
    CloudpickleMaterializer().save(point, tmp_path)
    assert CloudpickleMaterializer().load(tmp_path).x == [1]


_OWN = "class Own:\n    def __init__(self, x, names): self.x, self.names = x, names"


def halved(point):
    return type(point), (point.x // 2, point.names)


@pytest.mark.parametrize(("held", "left"), [(["a"], 8), (threading.Lock(), 4)])
def test_what_copyreg_was_told_decides_only_where_an_object_cannot_be_kept_whole(
    held, left, tmp_path, notebook, monkeypatch
):
    kind = notebook(_OWN, "Own")
    reduce = (lambda own: (kind, (own.x // 2, None))) if left == 4 else halved
    monkeypatch.setitem(copyreg.dispatch_table, kind, reduce)
    assert kept(kind(8, held), tmp_path).x == left


def test_what_copyreg_was_told_makes_no_other_content(notebook, monkeypatch):
    own = notebook("class Own: pass\nown = Own()\nown.x, own.names = 8, []", "own")
    before = content_digest(own)
    monkeypatch.setitem(copyreg.dispatch_table, type(own), halved)
    assert content_digest(own) == before is not None
