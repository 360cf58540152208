"""A hash of what Python source means."""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterator, Sequence

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
    waiting: list[tuple[object, bool]] = [(node, False) for node in reversed(nodes)]
    while waiting:
        part, documented = waiting.pop()
        if isinstance(part, ast.AST):
            documented = documented or _may_be_read(part)
            fields = list(_fields(part, documented=documented))
            _feed(hasher, b"N", f"{type(part).__name__}/{len(fields)}".encode())
            for name, value in reversed(fields):
                waiting += [(value, documented), (_Field(name), False)]
        elif isinstance(part, _Field):
            _feed(hasher, b"F", part.encode())
        elif isinstance(part, list):
            _feed(hasher, b"L", str(len(part)).encode())
            waiting += [(item, documented) for item in reversed(part)]
        else:
            _feed(hasher, *constant_parts(part))


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


class _Field(str):
    """Sets a field's name apart from a constant."""

    __slots__ = ()


def _feed(hasher: hashlib.blake2b, tag: bytes, payload: bytes) -> None:
    hasher.update(b"%s%d:" % (tag, len(payload)))
    hasher.update(payload)


def _fields(node: ast.AST, *, documented: bool) -> Iterator[tuple[str, object]]:
    """Fields by name, without empty ones: newer versions of Python add some of those."""
    for name in sorted(node._fields):
        value = getattr(node, name, None)
        if name == "body" and isinstance(node, _DOCUMENTED) and not documented:
            value = _without_docstring(value)
        if isinstance(node, ast.JoinedStr) and name == "values":
            value = _joined(node.values)
        is_literal = isinstance(node, ast.Constant) and name == "value"
        if is_literal or (name not in _WITHOUT_MEANING and value is not None and value != []):
            yield name, value


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
