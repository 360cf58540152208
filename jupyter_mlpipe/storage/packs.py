"""Packs: files of many chunks, each with a table of what is in it.

Chunks lie one after the other, with gaps of less than a page. Behind them stands the table:
the digests, then the offsets (64 bits), then the sizes (32 bits), all little-endian; then the
blake3 digest of the table, its length (64 bits) and eight bytes that say what this is.
"""

from __future__ import annotations

import os
import struct
import sys
from array import array
from dataclasses import dataclass, field

from blake3 import blake3

_MAGIC = b"mlpack1\n"
_TAIL = struct.Struct("<32sQ8s")
DIGEST = 32
PAGE = 4096
"""A chunk lies in its pack as it lies in its file, up to whole pages: so it can be mapped."""
_ENTRY = DIGEST + 8 + 4


@dataclass(frozen=True, slots=True)
class PackTable:
    """Where each chunk is, in ascending order."""

    digests: bytes
    """32 bytes for each chunk."""
    offsets: array[int]
    sizes: array[int]
    _places: dict[bytes, int] = field(default_factory=dict, compare=False)

    def __len__(self) -> int:
        return len(self.sizes)

    def place(self, digest: bytes) -> int | None:
        """Which chunk it is, counted from zero."""
        if not self._places:
            found = (self.digests[i : i + DIGEST] for i in range(0, len(self.digests), DIGEST))
            self._places.update({digest: place for place, digest in enumerate(found)})
        return self._places.get(digest)

    def digest(self, place: int) -> bytes:
        """That of one chunk."""
        return self.digests[DIGEST * place : DIGEST * (place + 1)]

    def common(self, place: int, wanted: bytes, first: int) -> int:
        """How many chunks from `place` on are those wanted, and lie without a gap.

        Args:
            place: Of a chunk in this pack.
            wanted: Digests, one after the other.
            first: The number among them of that chunk.
        """
        low, high = 1, min(len(self) - place, len(wanted) // DIGEST - first)
        while low < high:
            middle = (low + high + 1) // 2
            if self._same(place, wanted, first, middle):
                low = middle
            else:
                high = middle - 1
        return low

    def length(self, place: int, count: int) -> int:
        """Bytes of so many chunks."""
        return sum(self.sizes[place : place + count])

    def _same(self, place: int, wanted: bytes, first: int, count: int) -> bool:
        last = place + count - 1
        ours = self.digests[DIGEST * place : DIGEST * (last + 1)]
        return ours == wanted[DIGEST * first : DIGEST * (first + count)] and self.length(
            place, count - 1
        ) == (self.offsets[last] - self.offsets[place])


def encode_table(table: PackTable) -> bytes:
    """What stands behind the chunks of a pack."""
    content = table.digests + _little(table.offsets) + _little(table.sizes)
    return content + _TAIL.pack(blake3(content).digest(), len(content), _MAGIC)


def read_table(file: int) -> PackTable:
    """Read the table of an open pack.

    Raises:
        ValueError: It is not a pack, or its table was changed.
    """
    size = os.fstat(file).st_size
    tail = os.pread(file, _TAIL.size, max(0, size - _TAIL.size))
    length = min(size, table_length(tail))
    return parse_table(os.pread(file, length, size - length))


def table_length(end: bytes) -> int:
    """Bytes of the table, from the last ones of a pack.

    Raises:
        ValueError: It is not a pack.
    """
    if len(end) < _TAIL.size:
        raise ValueError("too short for a pack")
    _, length, magic = _TAIL.unpack(end[-_TAIL.size :])
    if magic != _MAGIC or length % _ENTRY:
        raise ValueError("without the table of a pack")
    return int(length) + _TAIL.size


def parse_table(end: bytes) -> PackTable:
    """The table out of the last bytes of a pack, which are at least as many as it has.

    Raises:
        ValueError: It was changed.
    """
    content = end[-table_length(end) : -_TAIL.size]
    if blake3(content).digest() != _TAIL.unpack(end[-_TAIL.size :])[0]:
        raise ValueError("with a damaged table")
    return _decode(content)


def _decode(content: bytes) -> PackTable:
    count = len(content) // _ENTRY
    digests, rest = content[: count * DIGEST], content[count * DIGEST :]
    offsets, sizes = array("Q", rest[: count * 8]), array("I", rest[count * 8 :])
    if sys.byteorder == "big":
        offsets.byteswap()
        sizes.byteswap()
    return PackTable(digests, offsets, sizes)


def _little(numbers: array[int]) -> bytes:
    if sys.byteorder == "little":
        return numbers.tobytes()
    swapped = array(numbers.typecode, numbers)
    swapped.byteswap()
    return swapped.tobytes()
