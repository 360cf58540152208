"""What counts as the content of arrays, frames and tensors, when two are compared."""

from __future__ import annotations

import io
import sys
from typing import Any

from blake3 import blake3

from jupyter_mlpipe.materializers import rebuild
from jupyter_mlpipe.materializers.facts import Token, fact
from jupyter_mlpipe.materializers.own_state import forgotten_by_library
from jupyter_mlpipe.materializers.tensors import gradient_of
from jupyter_mlpipe.materializers.views import array_view, has_attributes

_TREES = frozenset({"sklearn.neighbors._kd_tree", "sklearn.neighbors._ball_tree"})
_TREE_COUNTERS = 7
"""Place of the first of four counters in the state of a tree."""
_CHECKED = "_stop_words_id"
_ROWS = 1 << 15
"""Rows of a column of Arrow's that are looked at together."""
_PASSING = frozenset(
    {"_cache", "_readonly", "_has_sorted_indices", "_has_canonical_format", "has_canonical_format"}
)


def array_facts(obj: Any, token: Token) -> tuple[Any, ...] | None:
    """NumPy's arrays and dtypes.

    C and Fortran order count as different, for sums over them may differ in the last bit;
    other strides do not, for they are not kept when an array is stored.
    """
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    if isinstance(obj, numpy.dtype):
        return fact("dtype", repr(obj))
    if type(obj) is numpy.ma.MaskedArray:
        return _masked(obj)
    if type(obj) is not numpy.ndarray:
        return _attributed(obj)
    if obj.dtype.names is not None:  # by field: what lies between fields is arbitrary
        fields = [(name, obj[name]) for name in obj.dtype.names]
        return fact("records", repr(obj.dtype), obj.shape, fields)
    if obj.dtype.hasobject or obj.dtype.kind == "T":
        return fact("objects", repr(obj.dtype), obj.shape, obj.ravel().tolist())
    fortran = obj.flags.f_contiguous and not obj.flags.c_contiguous
    content = token(obj.T if fortran else obj)
    return fact("array", repr(obj.dtype), obj.shape, fortran, content)


def _attributed(obj: Any) -> tuple[Any, ...] | None:
    """An array of a subclass with the attributes that it was given."""
    made = array_view(obj)
    if made is None or made[0] is not rebuild.array_of or not has_attributes(obj):
        return None
    return fact("array of", *made[1])


def _masked(obj: Any) -> tuple[Any, ...]:
    """Asking for a fill value sets it, and masking nothing is the same as having no mask."""
    import numpy as np

    given = obj._fill_value  # noqa: SLF001
    fill = np.asarray(np.ma.default_fill_value(obj) if given is None else given)
    mask = np.ma.getmaskarray(obj)
    return fact("masked", np.asarray(obj._data), mask, fill, obj._hardmask)  # noqa: SLF001


def frame_facts(obj: Any, _token: Token) -> tuple[Any, ...] | None:
    """Frames and series by column, however their blocks are laid out in memory."""
    pandas = sys.modules.get("pandas")
    if pandas is None or not hasattr(pandas, "DataFrame"):  # it is being imported
        return None
    if isinstance(obj, pandas.DataFrame):
        columns = [column.array for _, column in obj.items()]
        return _labelled(obj, columns, obj.columns, obj.index)
    if isinstance(obj, pandas.Series):
        return _labelled(obj, obj.array, obj.name, obj.index)
    extensions = pandas.api.extensions
    extended = isinstance(obj, extensions.ExtensionArray | extensions.ExtensionDtype)
    if extended and (held := getattr(obj, "_pa_array", None)) is not None:
        # By content: nobody can change what two columns have in common.
        return fact("column", type(obj), obj.dtype, *_arrow_content(held))
    if extended or (_is_of_pandas(type(obj)) and "_cache" in getattr(obj, "__dict__", ())):
        return tuple(map(_lasting, obj.__reduce_ex__(5)))
    return None


def _is_of_pandas(kind: type) -> bool:
    """Whether pandas computes on it at leisure: groups, windows and resamplers."""
    return str(kind.__module__).startswith("pandas.")


def arrow_facts(obj: Any, _token: Token) -> tuple[Any, ...] | None:
    """Arrow's arrays by value, however they are chunked, sliced or padded."""
    arrow = sys.modules.get("pyarrow")
    if arrow is None or not hasattr(arrow, "ChunkedArray"):
        return None
    if not isinstance(obj, arrow.Array | arrow.ChunkedArray):
        return None
    whole = obj if isinstance(obj, arrow.ChunkedArray) else arrow.chunked_array([obj])
    return fact("arrow", *_arrow_content(whole))


def _arrow_content(column: Any) -> tuple[str, int, bytes]:
    return str(column.type), len(column), _written(column.unify_dictionaries())


def _written(column: Any) -> bytes:
    """The digest of it as Arrow would send it, with its dictionaries, some rows at a time."""
    import pyarrow as pa

    seen = _Digest()
    schema = pa.schema([("values", column.type)])
    with pa.PythonFile(seen, "w") as file, pa.ipc.new_stream(file, schema) as stream:
        for start in range(0, len(column), _ROWS):
            chunks = column.slice(start, _ROWS).chunks
            part = chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks)
            seen.write(part.is_null().to_numpy(zero_copy_only=False))
            stream.write_batch(pa.record_batch([_filled(part)], schema))
    return seen.hasher.digest()


def _filled(part: Any) -> Any:
    """What lies below a missing text is arbitrary."""
    import pyarrow as pa

    texts = pa.types.is_string(part.type) or pa.types.is_large_string(part.type)
    return part.fill_null("") if texts and part.null_count else part


class _Digest(io.RawIOBase):
    """A file of which nothing but the digest is kept."""

    def __init__(self) -> None:
        self.hasher = blake3()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self.hasher.update(view)
        return len(view)


def polars_facts(obj: Any, token: Token) -> tuple[Any, ...] | None:
    """Frames and series of polars by value, whatever memory they are slices of."""
    polars = sys.modules.get("polars")
    kinds = (getattr(polars, "DataFrame", None), getattr(polars, "Series", None))
    if polars is None or type(obj) not in kinds:
        return None
    import numpy as np

    frame = obj if type(obj) is kinds[0] else obj.to_frame()
    # Written once more it is the same whether it came from the store or not: marks for missing
    # values are left out where none is missing.
    written = _as_arrow(polars.read_ipc_stream(_as_arrow(frame)))
    content = token(np.frombuffer(written.getbuffer(), np.uint8))
    return fact("polars", type(obj), obj.shape, content)


def _as_arrow(frame: Any) -> io.BytesIO:
    """In the oldest layout, whose texts lie one after the other."""
    import polars

    written = io.BytesIO()
    frame.rechunk().write_ipc_stream(written, compat_level=polars.CompatLevel.oldest())
    written.seek(0)
    return written


def tensor_facts(obj: Any, token: Token) -> tuple[Any, ...] | None:
    """PyTorch tensors and parameters, wherever they are kept."""
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "Tensor") or not isinstance(obj, torch.Tensor):
        return None
    if obj.layout is not torch.strided:
        return None
    plain = obj.detach().cpu().resolve_conj().resolve_neg().contiguous()
    content = token(plain.reshape(-1).view(torch.uint8).numpy())
    kind = (type(obj).__qualname__, str(obj.dtype), tuple(obj.shape), str(obj.device))
    return (*fact("tensor", kind, content, obj.requires_grad), (gradient_of(obj),))


def sparse_facts(obj: Any, _token: Token) -> tuple[Any, ...] | None:
    """Matrices and arrays of SciPy, without what they found out about themselves."""
    if not str(type(obj).__module__).startswith("scipy.sparse."):
        return None
    reduced = obj.__reduce_ex__(5)
    return tuple(map(_lasting, reduced)) if type(reduced) is tuple else None


def tree_facts(obj: Any, _token: Token) -> tuple[Any, ...] | None:
    """Trees of scikit-learn's neighbours, without how often they were asked."""
    if type(obj).__module__ not in _TREES:
        return None
    maker, arguments, state, *_ = obj.__reduce__()
    counters = slice(_TREE_COUNTERS, _TREE_COUNTERS + 4)
    return maker, arguments, (*state[: counters.start], *state[counters.stop :])


def vectorizer_facts(obj: Any, _token: Token) -> tuple[Any, ...] | None:
    """Those of scikit-learn's that remember at which address their stop words were checked."""
    text = sys.modules.get("sklearn.feature_extraction.text")
    if text is None or not hasattr(text, "TfidfVectorizer"):  # it is being imported
        return None
    kinds = (text.CountVectorizer, text.HashingVectorizer)
    if not isinstance(obj, kinds) or _CHECKED not in vars(obj):  # `vars` gives some objects a dict
        return None
    maker, arguments, state, *_ = obj.__reduce_ex__(5)
    return maker, arguments, {name: part for name, part in state.items() if name != _CHECKED}


def _lasting(state: Any) -> Any:
    """What pandas computed from the rest, or who may write at the moment, is not content."""
    if type(state) is tuple:
        parts = (_lasting(part) for part in state)
        return tuple(part for part in parts if type(part) is not dict or part)
    if type(state) is dict:
        return {name: part for name, part in state.items() if name not in _PASSING}
    return state


def _labelled(obj: Any, *parts: Any) -> tuple[Any, ...]:
    extra = [getattr(obj, name, None) for name in obj._metadata]  # noqa: SLF001  # of subclasses
    extra += forgotten_by_library(obj).items()
    flags = obj.flags.allows_duplicate_labels
    return fact("pandas", type(obj), *parts, obj.attrs, flags, extra)
