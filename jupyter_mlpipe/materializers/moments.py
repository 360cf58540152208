"""What large memory held at one moment: what is stored of a value, and what is its content."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from typing import Any

from blake3 import blake3

from jupyter_mlpipe.materializers.buffers import LARGE, BufferDigests, digests_of
from jupyter_mlpipe.materializers.memory import contiguous_bytes, row_of, span_of
from jupyter_mlpipe.model.chunk import cut


class Moment:
    """Digests of the chunks of memory that is about to be stored, each found out once.

    Whoever changes that memory meanwhile changes nothing here: the store refuses a chunk that
    is no longer what its digest says.
    """

    def __init__(self, buffers: BufferDigests | None = None) -> None:
        self._buffers = buffers
        self._digests: dict[tuple[int, int], bytes] = {}
        """By the address of a chunk, and its length."""
        self._held: list[memoryview] = []
        """Memory that these addresses belong to: nobody else is given it."""

    def token(self, array: Any) -> bytes:
        """32 bytes for the elements of an array, in C order, the same in every process."""
        if array.nbytes < LARGE:
            return blake3(contiguous_bytes(array)).digest()
        return blake3(b"".join(self._chunks(array))).digest()

    def known(self, data: memoryview, row: int) -> Sequence[bytes | None]:
        """Digests of flat memory that is cut by rows, as far as it need not be read for that."""
        sizes = cut(data.nbytes, row)
        array = _array_over(data)
        if array is None:
            return [None] * len(sizes)
        found = self._buffers.chunks(array, row) if self._buffers else None
        if found is not None:
            self.settle(data, row, found)
        return [self._digests.get(span) for span in _spans(array, sizes)]

    def settle(self, data: memoryview, row: int, digests: Sequence[bytes]) -> None:
        """Memory holds what was stored of it, also where it was not known before."""
        array = _array_over(data)
        if array is not None:
            self._held.append(data)
            for span, digest in zip(_spans(array, cut(data.nbytes, row)), digests, strict=True):
                self._digests.setdefault(span, digest)

    def _chunks(self, array: Any) -> Sequence[bytes]:
        if not array.flags.c_contiguous:
            return digests_of(array)
        row = row_of(array)
        known = [self._digests.get(span) for span in _spans(array, cut(array.nbytes, row))]
        if None in known:
            found = self._buffers.chunks(array, row) if self._buffers else None
            others = found or digests_of(array)
            known = [ours or other for ours, other in zip(known, others, strict=True)]
        return [digest for digest in known if digest is not None]


def _array_over(data: memoryview) -> Any:
    numpy = sys.modules.get("numpy")
    return None if numpy is None or data.nbytes < LARGE else numpy.frombuffer(data, numpy.uint8)


def _spans(array: Any, sizes: Sequence[int]) -> list[tuple[int, int]]:
    starts = itertools.accumulate(sizes, initial=span_of(array)[0])
    return list(zip(starts, sizes, strict=False))
