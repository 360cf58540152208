"""Parts of classes that Python or a library makes of their definition."""

from __future__ import annotations

import enum
import functools
from collections.abc import Mapping
from types import CodeType, FunctionType
from typing import Any

_UNSAID = frozenset(
    {
        *("__dict__", "__weakref__", "__module__", "__qualname__", "__doc__", "_abc_impl"),
        *("__slotnames__", "__static_attributes__", "__firstlineno__", "__abstractmethods__"),
        *("__annotate__", "__annotate_func__", "__annotations_cache__", "__parameters__"),
    }
)
"""Attributes of a class that say nothing of what it does, or say it again."""
_OF_MODELS = frozenset(
    {
        *("__pydantic_core_schema__", "__pydantic_validator__", "__pydantic_serializer__"),
        *("__pydantic_parent_namespace__", "__pydantic_setattr_handlers__"),
        *("__pydantic_complete__", "__pydantic_fields_complete__", "__signature__"),
    }
)
"""What pydantic makes of a model's fields, validators and settings, some of it on first use."""
_CODE = (FunctionType, property, classmethod, staticmethod, functools.cached_property)
"""What an enumeration has beside its members and what is made of them."""
_DECORATIONS = "pydantic._internal._decorators"


def stated_attributes(cls: type) -> Mapping[str, Any]:
    """What a class holds beyond what is made of that; an enumeration's members by their values."""
    attributes = {k: v for k, v in vars(cls).items() if k not in _UNSAID}
    if isinstance(cls, enum.EnumMeta):
        members = {key: vars(cls)["_member_map_"][key].value for key in cls.__members__}
        own = {k: v for k, v in attributes.items() if isinstance(v, _CODE)}
        return {**own, "members": members}
    if "__pydantic_validator__" in attributes:
        return {k: v for k, v in attributes.items() if k not in _OF_MODELS}
    if "__attrs_attrs__" in attributes and _is_salted(attributes.get("__hash__")):
        del attributes["__hash__"]
    return attributes


def _is_salted(function: Any) -> bool:
    """Whether attrs wrote it: the hash of a text stands in it, which differs in each process."""
    code = getattr(function, "__code__", None)
    return code is not None and is_generated(code)


def is_generated(code: CodeType) -> bool:
    """Whether attrs wrote it, out of what a class says."""
    return code.co_filename.startswith("<attrs generated")


def decoration(value: Any) -> tuple[Any, ...] | None:
    """What pydantic keeps of a validator, without the place of its class in memory."""
    if type(value).__module__ != _DECORATIONS or not hasattr(value, "cls_ref"):
        return None
    return value.cls_var_name, value.func, value.shim, value.info
