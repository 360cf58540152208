"""Names that fit a pattern such as `p::load*`, in SQL."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Boolean, ColumnElement, String, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

_PARTS = re.compile(r"\*|\?|\[\^?\]?[^\]]*\]|.", re.DOTALL)


def glob(text: ColumnElement[str], pattern: str) -> ColumnElement[bool]:
    """Whether a text fits the glob in the parameter called `pattern`, case and all."""
    return _Glob(text, bindparam(pattern, type_=_Pattern()))


class _Pattern(TypeDecorator[str]):
    """Only SQLite knows globs; for PostgreSQL they become regular expressions."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or dialect.name == "sqlite":
            return value
        return f"^(?:{''.join(map(_expression, _PARTS.findall(value)))})$"


class _Glob(FunctionElement[bool]):
    name = "glob"
    type = Boolean()
    inherit_cache = True


@compiles(_Glob)
def _compile(element: _Glob, compiler: SQLCompiler, **options: Any) -> str:
    word = "GLOB" if compiler.dialect.name == "sqlite" else "~"
    text, pattern = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({text} {word} {pattern})"


def _expression(part: str) -> str:
    if part in ("*", "?"):
        return ".*" if part == "*" else "."
    if len(part) == 1:
        return part if part.isalnum() or part == "_" else f"\\{part}"
    return part.replace("\\", "\\\\")
