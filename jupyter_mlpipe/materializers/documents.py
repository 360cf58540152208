"""LangChain's documents and messages, alone and in lists, in the exact codec."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from jupyter_mlpipe.materializers.exact import ExactMaterializer
from jupyter_mlpipe.materializers.previews import CELL, ROWS, cut, short
from jupyter_mlpipe.model.artifact import Column, Preview

_LOOKED_AT = 1000
"""Documents whose length and kind are told; the rest is told by number."""


class DocumentMaterializer(ExactMaterializer):
    """What a retriever finds, and what a person, a model and its tools say to each other."""

    name: ClassVar[str] = "langchain"

    def accepts(self, value: Any) -> bool:
        """One, or a list of nothing else."""
        kinds = _kinds()
        if not kinds:
            return False
        if type(value) is list:
            return bool(value) and all(isinstance(item, kinds) for item in value)
        return isinstance(value, kinds)

    def summary(self, value: Any) -> Mapping[str, object]:
        """How many, of which classes, and how many characters the first thousand have."""
        items = _listed(value)
        first = items[:_LOOKED_AT]
        return {
            "length": len(items),
            "classes": sorted({type(item).__name__ for item in first}),
            "characters": sum(len(_text(item)) for item in first),
        }

    def preview(self, value: Any) -> Preview | None:
        """The first ones: what they are, what they say, and what is said about them."""
        items = _listed(value)
        rows = tuple(
            (_kind(item), cut(_text(item), 8 * CELL), _about(item)) for item in items[:ROWS]
        )
        columns = (Column("kind", "str"), Column("content", "str"), Column("about", "str"))
        return Preview("table", columns=columns, rows=rows, total_rows=len(items))


def _kinds() -> tuple[type, ...]:
    found = (
        getattr(sys.modules.get("langchain_core.documents.base"), "Document", None),
        getattr(sys.modules.get("langchain_core.messages.base"), "BaseMessage", None),
    )
    return tuple(kind for kind in found if kind is not None)


def _listed(value: Any) -> Sequence[Any]:
    return value if type(value) is list else [value]


def _kind(item: Any) -> str:
    return str(getattr(item, "type", type(item).__name__))


def _text(item: Any) -> str:
    """A message may be of several parts, such as an image and a question."""
    if hasattr(item, "page_content"):
        return str(item.page_content)
    return item.content if isinstance(item.content, str) else short(item.content)


def _about(item: Any) -> str:
    told = getattr(item, "metadata", None) or getattr(item, "tool_calls", None)
    return short(told) if told else ""
