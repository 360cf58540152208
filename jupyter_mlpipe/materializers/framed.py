"""What frames, series and indexes of pandas, and what is computed on them, lead to."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from typing import Any

from jupyter_mlpipe.materializers.identity import identity
from jupyter_mlpipe.materializers.memory import address_of, root_of
from jupyter_mlpipe.materializers.reached import ATOMS, Reached, held_objects, is_a, place_of


def through_frame(frame: Any, reached: Reached) -> Iterable[Any]:
    """Its columns, labels and `attrs`."""
    manager = frame._mgr  # noqa: SLF001  # resamplers share it with what they were made from
    reached.objects |= {identity(frame), identity(manager)}
    reached.unguarded.update(_unguarded(manager))
    for part in (*frame.axes, frame.attrs):  # frames give each other theirs, and tell nobody
        reached.frames.setdefault(identity(part), set()).add(identity(frame))
    columns = [frame] if frame.ndim == 1 else [column for _, column in frame.items()]
    arrays = [column.array for column in columns]
    extra = [getattr(frame, name, None) for name in frame._metadata]  # noqa: SLF001  # of subclasses
    return (
        *_framed_arrays([*arrays, *frame.axes], reached, identity(frame)),
        *frame.attrs.values(),
        *extra,
    )


def _unguarded(manager: Any) -> Iterator[int]:
    """Before the columns are looked at, each of which would be another reference to a block."""
    for block in manager.blocks:
        values = getattr(block.values, "_ndarray", block.values)
        if is_a(type(values), "numpy", "ndarray") and not block.refs.has_reference():
            yield address_of(values)


def through_index(index: Any, reached: Reached) -> Iterable[Any]:
    """The arrays that it consists of."""
    reached.objects.add(identity(index))
    return _framed_arrays([index], reached, identity(index))


def through_grouping(grouping: Any, reached: Reached) -> Iterable[Any]:
    """Of columns to group by, and of what it finds in them, pandas keeps what nobody writes to."""
    reached.objects.add(identity(grouping))
    found = vars(grouping)
    computed = dict(found.get("_cache") or {})
    held = [part for name, part in found.items() if name != "_cache"]
    for part in computed.values():
        held.extend(part if type(part) is tuple else (part,))
    for array in (part for part in held if is_a(type(part), "numpy", "ndarray")):
        reached.arrays.setdefault(address_of(array), set()).add(identity(array))
        yield from held_objects(array)
    yield from (part for part in held if not is_a(type(part), "numpy", "ndarray"))


def _framed_arrays(arrays: list[Any], reached: Reached, frame: int) -> Iterator[Any]:
    """Note the NumPy memory below pandas' own arrays; what they hold as objects leads on."""
    waiting, seen = list(arrays), set[int]()
    alive: list[Any] = []
    while waiting:
        item = waiting.pop()
        kind = type(item)
        if place_of(kind) in ATOMS or identity(item) in seen:
            continue
        seen.add(identity(item))
        alive.append(item)
        if is_a(kind, "numpy", "ndarray"):
            for place in _places(item):
                reached.frames.setdefault(place, set()).add(frame)
            yield from held_objects(item)
        elif is_a(kind, "pandas", "Index"):
            waiting.extend(_index_arrays(item))
        elif is_a(kind, "pandas.api.extensions", "ExtensionArray") or kind is dict:
            waiting.extend(gc.get_referents(item))


def _places(array: Any) -> Iterator[int]:
    """Where its memory is, and what has lent it, such as the map of a file."""
    yield address_of(array)
    lender = root_of(array).base
    while lender is not None:
        yield identity(lender)
        lender = lender.obj if isinstance(lender, memoryview) else None


def _index_arrays(index: Any) -> Iterable[Any]:
    if is_a(type(index), "pandas", "RangeIndex"):  # it would make an array to show it
        return ()
    return (*index.levels, *index.codes) if index.nlevels > 1 else (index.array,)
