"""Plain values of the standard library, stored as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from jupyter_mlpipe.materializers.files import Files, Memory, MemoryMaterializer
from jupyter_mlpipe.materializers.previews import json_preview, text_preview
from jupyter_mlpipe.materializers.tagged import NotPlainError, decode, encode
from jupyter_mlpipe.model.artifact import Preview
from jupyter_mlpipe.model.errors import ValueNotLoadableError, ValueNotStorableError

_FILE = "value.json"
_FORMAT = 1


class PlainMaterializer(MemoryMaterializer):
    """Scalars, text, bytes, dates, paths, and lists, tuples, dicts and sets of them.

    Readable without this package: what JSON has is written as it is, the rest with a tag.
    Values that are large, deep, or refer twice to one object are left to the exact codec.
    """

    name: ClassVar[str] = "plain"

    def accepts(self, value: Any) -> bool:
        """Exact types only: a subclass would come back as its base class."""
        try:
            encode(value)
        except NotPlainError:
            return False
        return True

    def write(self, value: Any, files: Files) -> None:
        """Equal values give equal files; sets are sorted."""
        try:
            content = {"format": _FORMAT, "value": encode(value)}
        except NotPlainError as error:
            raise ValueNotStorableError(
                f"A {type(value).__qualname__} cannot be stored as JSON: {error}. "
                "Let the materializer be chosen automatically."
            ) from error
        files.put(_FILE, Memory(memoryview(json.dumps(content).encode("ascii"))))

    def read(self, files: Files) -> Any:
        """A new value each time."""
        try:
            content = json.loads(bytes(files.get(_FILE)))
            return decode(content["value"])
        except (ValueError, KeyError, TypeError, NotImplementedError) as error:
            raise ValueNotLoadableError(
                f"The stored JSON cannot be read here: {error}. Upgrade jupyter_mlpipe, or run "
                "the step again with --no-cache."
            ) from error

    def summary(self, value: Any) -> Mapping[str, object]:
        """The length of what has one; short scalars themselves."""
        if hasattr(value, "__len__"):
            return {"length": len(value)}
        return {"value": value} if isinstance(value, bool | int | None) else {}

    def preview(self, value: Any) -> Preview | None:
        """JSON where the value is JSON, else its representation."""
        encoded = encode(value)
        return (
            json_preview(value)
            if encoded == value and _is_container(value)
            else text_preview(value)
        )


def _is_container(value: Any) -> bool:
    return type(value) in (list, dict)
