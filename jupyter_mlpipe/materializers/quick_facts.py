"""What to compare of frames and columns that are one and the same object as before.

Only whether *this* object changed matters here, so how it is laid out may count as well where
looking past that would cost time. What pandas rearranges while it is only read must not count.
"""

from __future__ import annotations

import marshal
import sys
from collections.abc import Iterator
from typing import Any

from jupyter_mlpipe.materializers.buffers import LARGE
from jupyter_mlpipe.materializers.data_facts import arrow_facts
from jupyter_mlpipe.materializers.facts import Token, fact

_LONG = 1000
_TEXTS = frozenset(map(id, (str, float, type(None))))


def quick_array_facts(obj: Any, token: Token) -> tuple[Any, ...] | None:
    """Plain arrays of numbers, dates or text."""
    numpy = sys.modules.get("numpy")
    if numpy is None or type(obj) is not numpy.ndarray or obj.dtype.kind in "OTV":
        return None
    flags = obj.flags
    fortran = flags.f_contiguous and not flags.c_contiguous
    content = token(obj.T if fortran else obj)
    return fact("array", obj.dtype.str, obj.shape, fortran, flags.writeable, content)


def quick_text_facts(obj: Any, _token: Token) -> tuple[Any, ...] | None:
    """Long object arrays of texts and gaps, by the hashes that Python keeps with each text."""
    numpy = sys.modules.get("numpy")
    if numpy is None or type(obj) is not numpy.ndarray or obj.dtype.kind != "O" or obj.size < _LONG:
        return None
    held = obj.ravel().tolist()
    if not set(map(id, map(type, held))) <= _TEXTS:
        return None
    numbers = [item for item in held if type(item) is float]  # -1.0 and -2.0 have one hash
    return fact("texts", obj.shape, hash(tuple(held)), marshal.dumps(numbers, 2))


def quick_frame_facts(obj: Any, token: Token) -> tuple[Any, ...] | None:
    """Frames, series, their labels, and columns that Arrow holds."""
    pandas = sys.modules.get("pandas")
    if pandas is None or not hasattr(pandas, "DataFrame"):  # it is being imported
        return None
    kind = type(obj)
    if kind is pandas.DataFrame:
        return _labelled(obj, list(_columns(obj, token)), obj.columns, obj.index)
    if kind is pandas.Series:
        return _labelled(obj, obj._values, obj.name, obj.index)  # noqa: SLF001  # no wrapper
    if kind is pandas.RangeIndex:
        return fact("range", obj.start, obj.stop, obj.step, obj.name)
    if kind is pandas.Index:
        return fact("index", obj.name, obj._values)  # noqa: SLF001
    if issubclass(kind, pandas.api.extensions.ExtensionArray):
        held = getattr(obj, "_pa_array", None)
        return None if held is None else fact("column", kind.__qualname__, obj.dtype, held)
    return None


def quick_arrow_facts(obj: Any, token: Token) -> tuple[Any, ...] | None:
    """Arrow's arrays by the memory they look at."""
    arrow = sys.modules.get("pyarrow")
    if arrow is None or not hasattr(arrow, "ChunkedArray"):
        return None
    if isinstance(obj, arrow.ChunkedArray):
        return fact("chunks", str(obj.type), obj.chunks)
    if not isinstance(obj, arrow.Array):
        return None
    if "dictionary<" in str(obj.type) and not isinstance(obj, arrow.DictionaryArray):
        return arrow_facts(obj, token)  # the dictionaries of its parts are not among its buffers
    import numpy as np

    buffers = [
        None if buffer is None else token(np.frombuffer(buffer, np.uint8))
        for buffer in obj.buffers()
    ]
    dictionary = obj.dictionary if isinstance(obj, arrow.DictionaryArray) else None
    return fact("arrow", str(obj.type), len(obj), obj.offset, buffers, dictionary)


def _columns(frame: Any, token: Token) -> Iterator[Any]:
    """Column by column; several at once only where taking them apart would copy them."""
    manager = frame._mgr  # noqa: SLF001  # the columns as they lie, a hundred times faster
    apart: dict[int, Any] = {}
    for block in manager.blocks:
        values, places = block.values, block.mgr_locs.as_array
        if getattr(values, "ndim", 1) == 1:
            apart[int(places[0])] = values
        elif type(block.values).__name__ != "ndarray" or values.dtype.kind in "OTV":
            apart |= {int(place): values[row] for row, place in enumerate(places)}
        elif values.nbytes >= LARGE and not values.flags.c_contiguous:
            yield places.tolist(), values
        else:
            kind = sys.intern(values.dtype.str)  # pickle tells equal texts from one text
            apart |= {int(place): (kind, token(values[row])) for row, place in enumerate(places)}
    yield from sorted(apart.items())


def _labelled(obj: Any, *parts: Any) -> tuple[Any, ...]:
    return fact("pandas", type(obj).__name__, *parts, obj.attrs, obj.flags.allows_duplicate_labels)
