"""What JSON columns hold, in the words of either database."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import ColumnElement, TableValuedAlias, Text, cast
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine


def items(array: ColumnElement[Any]) -> TableValuedAlias:
    """The texts in a JSON array, as rows with a `value`."""
    return _Items(array).table_valued("value")


def members(mapping: ColumnElement[Any]) -> TableValuedAlias:
    """What a JSON object holds, as rows with a `key` and a `value`."""
    return _Members(mapping).table_valued("key", "value")


def comparable(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """The value of a member, to be compared with any value that JSON can hold."""
    return _Comparable(value)


def mentions(column: ColumnElement[Any], text: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a text without quotes appears anywhere in a JSON column."""
    return cast(column, Text).contains(text)


class _Items(FunctionElement[Any]):
    name = "items"
    inherit_cache = True


class _Members(FunctionElement[Any]):
    name = "members"
    inherit_cache = True


class _Compared(TypeDecorator[Any]):
    """SQLite gives booleans as 1 and 0, lists and dicts as text; PostgreSQL compares JSON."""

    impl = NullType
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(NullType() if dialect.name == "sqlite" else JSONB())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if dialect.name != "sqlite":
            return value
        if isinstance(value, list | dict):
            return json.dumps(value, separators=(",", ":"))
        return int(value) if isinstance(value, bool) else value


class _Comparable(FunctionElement[Any]):
    name = "comparable"
    type = _Compared()
    inherit_cache = True


@compiles(_Items)
def _compile_items(element: _Items, compiler: SQLCompiler, **options: Any) -> str:
    word = "json_each" if compiler.dialect.name == "sqlite" else "json_array_elements_text"
    return f"{word}({compiler.process(element.clauses, **options)})"


@compiles(_Members)
def _compile_members(element: _Members, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(_Comparable)
def _compile_comparable(element: _Comparable, compiler: SQLCompiler, **options: Any) -> str:
    value = compiler.process(element.clauses, **options)
    return value if compiler.dialect.name == "sqlite" else f"CAST({value} AS JSONB)"
