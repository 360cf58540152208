"""A hash of what Python source means."""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, TypeAlias

from jupyter_mlpipe.analysis.parsing import parse

_FORMAT = b"mlpipe canonical 1\n"
_WITHOUT_MEANING = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
_DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@functools.lru_cache(maxsize=256)
def canonical_hash(source: str) -> str:
    """64 hexadecimal digits, equal under reformatting, comments and docstrings.

    A docstring counts where something may read it: under a decorator, and anywhere in a class
    that has bases. So does a semicolon that keeps a cell's last value from being shown.

    Raises:
        SyntaxError: `source` is not Python.
    """
    tree = parse(source)
    hasher = hashlib.blake2b(_FORMAT, digest_size=32)
    hasher.update(b"silent\n" if _ends_silently(source, tree) else b"")
    hash_nodes([tree], hasher)
    return hasher.hexdigest()


def node_hash(node: ast.AST) -> str:
    """The same of one definition within a cell, as if it stood alone."""
    hasher = hashlib.blake2b(_FORMAT, digest_size=32)
    hash_nodes([ast.Module([node], []) if isinstance(node, ast.stmt) else node], hasher)
    return hasher.hexdigest()


def hash_nodes(nodes: Sequence[ast.AST], hasher: hashlib.blake2b) -> None:
    """Feed trees in order, every part type-tagged and length-prefixed.

    Goes without recursion: a sum of a thousand terms is a tree a thousand levels deep.
    """
    found: list[bytes] = []
    begun: list[tuple[_Parts, bool]] = [(zip(repeat(b""), nodes), False)]
    while begun:
        parts, documented = begun[-1]
        for label, part in parts:
            kind: type = type(part)
            form = _form(kind)
            if form is not None:
                inner = documented or (form.documents and _may_be_read(part))
                fields = form.fields_of(part, documented=inner)
                found += (label, form.heads[len(fields)])
                if fields:
                    begun.append((iter(fields), inner))
                    break
            elif kind is list:
                found += (label, _tagged(b"L", b"%d" % len(part)))
                begun.append((zip(repeat(b""), part), documented))
                break
            else:
                found += (label, _tagged(*constant_parts(part)))
        else:
            begun.pop()
    hasher.update(b"".join(found))


def constant_parts(value: object) -> tuple[bytes, bytes]:
    """Type tag and exact bytes of a literal; `1`, `1.0`, `True` and `"1"` all differ."""
    if isinstance(value, str):
        return b"s", value.encode("utf-8", "surrogatepass")
    if isinstance(value, bytes):
        return b"b", value
    if isinstance(value, bool) or value is None or value is Ellipsis:
        return b"c", repr(value).encode()
    if isinstance(value, int):
        return b"i", hex(value).encode()  # decimal text is refused for very long numbers
    if isinstance(value, float):
        return b"f", value.hex().encode()
    if isinstance(value, complex):
        return b"j", f"{value.real.hex()} {value.imag.hex()}".encode()
    raise TypeError(f"{type(value).__name__} is no literal")


_Parts: TypeAlias = Iterator[tuple[bytes, Any]]
"""What is left of a node or a list, each part with its label."""


@dataclass(frozen=True, slots=True)
class _Form:
    """What is fed of the nodes of one class."""

    fields: tuple[tuple[str, bytes], ...]
    """Names in alphabetical order, with their labels."""
    heads: tuple[bytes, ...]
    """What goes before them, by their number."""
    documents: bool
    """Whether it is that of functions or classes."""
    special: bool
    """Whether not all that it has is fed as it is."""

    def fields_of(self, node: Any, *, documented: bool) -> list[tuple[bytes, Any]]:
        """Without empty ones: newer versions of Python add some of those."""
        if self.special:
            return list(_special_fields(node, self.fields, documented=documented))
        return [
            (label, value)
            for name, label in self.fields
            if (value := getattr(node, name, None)) is not None and (value or value != [])
        ]


@functools.cache
def _form(kind: type) -> _Form | None:
    """None for what is no node."""
    if not issubclass(kind, ast.AST):
        return None
    names = [name for name in sorted(kind._fields) if name not in _WITHOUT_MEANING]
    heads = (f"{kind.__name__}/{count}" for count in range(len(names) + 1))
    return _Form(
        tuple((name, _tagged(b"F", name.encode())) for name in names),
        tuple(_tagged(b"N", head.encode()) for head in heads),
        documents=issubclass(kind, _DOCUMENTED),
        special=issubclass(kind, (*_DOCUMENTED, ast.JoinedStr, ast.Constant)),
    )


def _special_fields(
    node: ast.AST, fields: Sequence[tuple[str, bytes]], *, documented: bool
) -> _Parts:
    for name, label in fields:
        value = getattr(node, name, None)
        if name == "body" and not documented:
            value = _without_docstring(value)
        elif isinstance(node, ast.JoinedStr):
            value = _joined(node.values)
        if isinstance(node, ast.Constant) or (value is not None and value != []):
            yield label, value


def _tagged(tag: bytes, payload: bytes) -> bytes:
    return b"%s%d:%s" % (tag, len(payload), payload)


def _may_be_read(node: ast.AST) -> bool:
    """Whether something may take a definition's docstring for more than a comment."""
    if isinstance(node, ast.ClassDef):
        return bool(node.decorator_list or node.bases or node.keywords)
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and bool(node.decorator_list)


def _without_docstring(body: object) -> object:
    if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
        value = body[0].value
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return body[1:]
    return body


def _joined(values: list[ast.expr]) -> list[ast.expr]:
    """The parts of an f-string, text that stands side by side made one."""
    joined: list[ast.expr] = []
    for value in values:
        last = joined[-1] if joined else None
        if isinstance(value, ast.Constant) and isinstance(last, ast.Constant):
            joined[-1] = ast.Constant(f"{last.value!s}{value.value!s}")
        elif not (isinstance(value, ast.Constant) and value.value == ""):
            joined.append(value)
    return joined


def _ends_silently(source: str, tree: ast.Module) -> bool:
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr) or last.end_lineno is None or last.end_col_offset is None:
        return False
    line = source.splitlines()[last.end_lineno - 1].encode()[last.end_col_offset :]
    return line.strip().startswith(b";")
