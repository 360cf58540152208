import copy
import datetime
import functools
import io
import logging

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from sklearn.linear_model import LogisticRegression

from jupyter_mlpipe.materializers.frames import PandasMaterializer
from jupyter_mlpipe.materializers.sharing import leads_to, shared_memory, sharing_groups

LOGGER = logging.Logger("quiet")
ROWS = [1, 2]
ARRAY = np.arange(6)
FRAME = pd.DataFrame({"a": [1, 2], "b": [[1], {}]})


def module_function():
    return ROWS


class Box:
    def __init__(self, content):
        self.content = content

    def open(self):
        return self.content


class Slotted:
    __slots__ = ("content",)

    def __init__(self, content):
        self.content = content


def closure(content):
    return lambda: content


def owner_of(array):
    frame = pd.DataFrame(array, copy=False)
    assert np.shares_memory(frame.to_numpy(), array)
    return frame


@pytest.mark.parametrize(
    ("left", "right"),
    [
        *((ROWS, ROWS), (ROWS, {"deep": [(ROWS,)]}), (ROWS, Box(ROWS)), (ROWS, Slotted(ROWS))),
        *((ROWS, closure(ROWS)), (ROWS, functools.partial(max, ROWS)), (ROWS, ROWS.append)),
        *((ROWS, iter(ROWS)), (ROWS, Box(ROWS).open), (closure(Box(ROWS)), Box(ROWS))),
        *((ARRAY, ARRAY[2:]), (ARRAY[:2], ARRAY[4:]), (ARRAY, ARRAY.reshape(2, 3).T)),
        *((ARRAY, np.array([ARRAY, 1], dtype=object)), (ARRAY, memoryview(ARRAY))),
        *((FRAME, FRAME), (FRAME, [FRAME]), (FRAME["b"].iloc[0], FRAME), (FRAME, Box(FRAME))),
        *((ROWS, np.array([ROWS, None], dtype=object)), (ROWS, pd.Series([ROWS]))),
    ],
)
def test_values_with_a_common_mutable_part_are_one_group(left, right):
    assert sharing_groups({"left": left, "other": [1], "right": right}) == (
        frozenset({"left", "right"}),
    )


@pytest.mark.parametrize(
    ("left", "right"),
    [
        *((1, 1), ("a", "a"), ([], []), ((1, "a"), (1, "a")), (ROWS, ROWS.copy())),
        *(([np], [np]), ([len], [len]), ([Box], [Box]), (Box(1), Box(1)), (np.float64, np.int8)),
        *(([module_function], [module_function]), ([LOGGER], [LOGGER])),
        *((np.zeros(2), np.zeros(2)), ([np.dtype("f8")], [np.dtype("f8")])),
        *(([datetime.UTC], [datetime.UTC]), ([ROWS[0]], [ROWS[0]])),
        *((FRAME[["a"]], FRAME["a"]), (FRAME[["a"]], FRAME[["a"]].copy(deep=False))),
        *((FRAME[["a"]].set_index("a"), FRAME[["a"]]), (FRAME.index, FRAME["a"])),
        *((ARRAY, ARRAY.copy()), (LogisticRegression(), LogisticRegression())),
        (Figure(), Figure()),
    ],
)
def test_values_without_a_common_mutable_part_are_apart(left, right):
    assert sharing_groups({"left": left, "right": right}) == ()


def test_one_tuple_in_two_values_links_what_it_holds():
    pair = (1, [2])
    assert sharing_groups({"a": [pair], "b": [pair]})
    flat = (1, 2)
    assert not sharing_groups({"a": [flat], "b": [flat]})


def test_an_array_over_the_memory_of_a_frame_is_linked_to_it():
    array = np.zeros((4, 2))
    assert sharing_groups({"array": array, "frame": owner_of(array)})
    frame = pd.DataFrame({"x": [1.0, 2.0]})
    assert sharing_groups({"values": frame["x"].to_numpy(), "frame": frame})
    assert sharing_groups({"codes": frame["x"].array, "frame": frame})


def test_an_index_and_attrs_are_linked_to_their_frame():
    frame = pd.DataFrame({"a": [1, 2]}, index=[10, 20])
    frame.attrs["unit"] = "kg"
    named = {"index": frame.index, "columns": frame.columns, "attrs": frame.attrs}
    for name, part in named.items():
        assert sharing_groups({"frame": frame, name: part}) == (frozenset({"frame", name}),)


def test_frames_of_one_index_are_linked_by_it_alone():
    frame = pd.DataFrame({"a": [1, 2]}, index=[10, 20])
    other = pd.Series([1, 2], index=frame.index)
    assert sharing_groups({"frame": frame, "other": other}) == ()
    together = {"frame": frame, "other": other, "index": frame.index}
    assert sharing_groups(together) == (frozenset(together),)


def test_frames_over_one_stored_file_are_apart(tmp_path):
    PandasMaterializer().save(pd.DataFrame({"x": np.zeros(20_000)}), tmp_path)
    frame = PandasMaterializer().load(tmp_path)
    assert sharing_groups({"frame": frame, "column": frame["x"]}) == ()
    assert sharing_groups({"frame": frame, "values": frame["x"].to_numpy()})


def test_arrays_over_one_buffer_are_linked():
    buffer = bytearray(16)
    first, second = np.frombuffer(buffer, "u1", 4), np.frombuffer(buffer, "u1", 4, offset=8)
    assert sharing_groups({"first": first, "second": second, "buffer": buffer})[0] >= {"first"}
    assert sharing_groups({"first": first, "second": second})


def test_an_index_of_a_range_is_not_spelled_out():
    frame = pd.DataFrame({"x": [1, 2]})
    sharing_groups({"frame": frame})
    assert "_data" not in frame.index._cache


def test_frames_that_write_into_one_array_are_linked_with_it_or_without():
    array = np.zeros((4, 2))
    frames = {"a": owner_of(array), "b": owner_of(array)}
    assert sharing_groups(frames) == (frozenset({"a", "b"}),)
    assert sharing_groups({**frames, "array": array}) == (frozenset({"a", "b", "array"}),)


def test_frames_that_copy_before_they_write_are_not_linked():
    frame = pd.DataFrame(np.zeros((4, 2)))
    others = {"other": frame.copy(deep=False), "part": frame[:2], "column": frame[0]}
    assert sharing_groups({"frame": frame, **others}) == ()


def test_a_resampler_writes_where_its_series_does():
    series = pd.Series(range(4), pd.date_range("2026", periods=4, freq="12h"), dtype=float)
    daily = series.resample("D")
    series.iloc[0] = 10.0  # from here on they have one memory, and no other object in common
    daily.ax = daily.obj.index = series.index.copy()
    assert sharing_groups({"series": series, "daily": daily}) == (frozenset({"series", "daily"}),)


def test_links_run_through_several_values():
    first, second = [1], [2]
    values = {"a": first, "b": [first, second], "c": second, "d": [3], "e": "e"}
    assert sharing_groups(values) == (frozenset({"a", "b", "c"}),)


def test_axes_belong_to_their_figure_and_to_no_other():
    one, two = Figure(), Figure()
    axes, other = one.subplots(), two.subplots()
    (line,) = axes.plot([1, 2])
    other.imshow([[1, 2]], cmap=mpl.colormaps["viridis"])
    groups = sharing_groups({"one": one, "axes": axes, "line": line, "two": two, "other": other})
    assert set(groups) == {frozenset({"one", "axes", "line"}), frozenset({"two", "other"})}


def test_figures_that_were_drawn_are_apart(tmp_path):
    figures = {"one": Figure(), "two": Figure()}
    for figure in figures.values():
        figure.subplots().bar(["a", "b"], [1, 2], label="bars")
        figure.legend()
        figure.savefig(tmp_path / "drawn.png")
    assert sharing_groups(figures) == ()


@pytest.mark.parametrize("marker", ["o", "x", "s", "1"])
def test_figures_with_the_same_marker_are_apart(marker):
    axes = {name: Figure().subplots() for name in ("one", "two")}
    dots = {name: one.scatter([1, 2], [3, 4], marker=marker) for name, one in axes.items()}
    assert sharing_groups(axes) == sharing_groups(dots) == ()


def test_a_path_and_what_is_made_of_it_are_linked():
    path = Path([[0, 0], [1, 1]], [Path.MOVETO, Path.LINETO])
    turned = path.transformed(Affine2D().rotate(1))
    assert sharing_groups({"path": path, "turned": turned}) == (frozenset({"path", "turned"}),)


def test_figures_of_frames_over_time_are_apart(tmp_path):
    days = pd.Series([1.0, 2, 3], pd.date_range("2026", periods=3))
    axes = {name: Figure().subplots() for name in ("one", "two")}
    for one in axes.values():
        days.plot(ax=one)
        one.figure.savefig(tmp_path / "drawn.png")
    assert sharing_groups(axes) == ()


def test_what_super_needs_links_nothing():
    class Inner(Box):
        def open(self):
            return lambda: super().open()

    assert sharing_groups({"a": Inner(1).open(), "b": Inner(2).open()}) == ()


def test_sharing_is_found_however_far_it_is():
    shared = [0]
    many = [[number] for number in range(100_000)]
    deep = shared
    for _ in range(5_000):
        deep = [deep]
    assert sharing_groups({"many": [*many, shared], "deep": deep})


def test_functions_of_the_notebook_link_nothing_by_their_namespace(notebook):
    notebook("data = [1]\ndef f(): return data\ng = lambda: data\nh = lambda: data")
    names = notebook.names
    assert sharing_groups({name: names[name] for name in ("data", "f", "g", "h")}) == ()


def test_memory_inside_one_value_is_shared_by_two_arrays():
    array = np.arange(4)
    assert shared_memory([array, array[1:]])
    assert not shared_memory([array, array])
    assert not shared_memory([array[1:]])
    assert not shared_memory([FRAME, FRAME["a"]])
    assert not shared_memory(copy.deepcopy([array, array.copy()]))


def test_what_lies_behind_an_object_that_several_hold_links_them_all():
    inner = [1]
    between = ([inner],)
    values = {"a": [between], "b": {"x": between}, "c": inner, "d": (inner,), "e": [1]}
    assert sharing_groups(values) == (frozenset("abcd"),)
    assert sharing_groups(dict(reversed(values.items()))) == (frozenset("abcd"),)


def test_arrays_of_one_kind_of_pandas_are_not_linked_by_it():
    numbers = pd.array([1, None], dtype="Int64"), pd.array([2, None], dtype="Int64")
    assert [array.dtype for array in numbers] == ["Int64", "Int64"]  # each remembers its own now
    assert sharing_groups({"a": numbers[0], "b": numbers[1]}) == ()
    assert sharing_groups({"a": numbers[0], "b": [numbers[0]]}) == (frozenset("ab"),)


def test_functions_of_libraries_and_colours_of_maps_link_nothing():
    assert sharing_groups({"a": [np.mean, np.std], "b": {"f": np.mean}}) == ()
    viridis = [mpl.colormaps["viridis"] for _ in range(3)]
    values = {"a": viridis[0], "b": viridis[1], "c": [viridis[2]], "d": viridis[2]}
    assert sharing_groups(values) == (frozenset("cd"),)


def test_a_logger_leads_to_the_buffer_that_its_handler_writes_into():
    logger, buffer = logging.Logger("shop"), io.StringIO()
    logger.addHandler(logging.StreamHandler(buffer))
    assert sharing_groups({"b": buffer, "l": logger}) == (frozenset({"b", "l"}),)
    assert leads_to(logger, {"buffer": buffer, "other": []}) == {"buffer"}
    assert not leads_to([buffer], {"logger": logger})
