"""Draws Python, and writes it in other ways."""

from __future__ import annotations

import ast
import io
import random
import tokenize
from collections.abc import Iterator

from hypothesis import strategies as st

names = st.sampled_from(["a", "b", "df", "price"])
literals = st.one_of(
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.none(),
    st.just(...),
).map(lambda value: "..." if value is ... else repr(value))
binary = st.sampled_from(
    [
        "+",
        "-",
        "*",
        "/",
        "//",
        "%",
        "@",
        "**",
        "<<",
        ">>",
        "|",
        "&",
        "^",
        "<",
        "<=",
        "==",
        "!=",
        "is",
        "in",
        "and",
        "or",
    ]
)
unary = st.sampled_from(["-", "+", "~", "not "])


def _join(form, *parts):
    return st.tuples(*parts).map(lambda drawn: form.format(*drawn))


def _expressions(inner):
    return st.one_of(
        _join("({} {} {})", inner, binary, inner),
        _join("({}{})", unary, inner),
        _join("({} < {} <= {})", inner, inner, inner),
        _join("{}({}, {})", names, inner, inner),
        _join("{}({}, *{}, {}={}, **{})", names, inner, names, names, inner, names),
        _join("{}.{}[{}]", names, names, inner),
        _join("{}[{}:{}, ::{}]", names, inner, inner, inner),
        _join("({} if {} else {})", inner, inner, inner),
        _join("(lambda {0}, /, *{1}_, z={2}: {3})", names, names, inner, inner),
        _join("[{}, *{}]", inner, names),
        _join("({}, {})", inner, inner),
        _join("{{{}: {}, **{}}}", inner, inner, names),
        _join("[{} for {} in {} if {}]", inner, names, names, inner),
        _join("{{{}: {} for {} in {}}}", inner, inner, names, names),
        _join("sum({} for {} in {})", inner, names, names),
        _join("f'{{{}}} and {{{}!r:>{{{}}}}}'", names, names, names),
        _join("({}_ := {})", names, inner),
    )


expressions = st.recursive(st.one_of(names, literals), _expressions, max_leaves=4)


def _indented(body):
    return "\n".join(f"    {line}" for line in body.splitlines())


def _compound(inner):
    body = inner.map(_indented)
    return st.one_of(
        _join(
            "def {0}(a_, /, b_: {1} = {1}, *args, c_={2}, **kw) -> {1}:\n{3}\n    return {2}",
            names,
            expressions,
            expressions,
            body,
        ),
        _join("@{}\ndef {}():\n{}", names, names, body),
        _join("async def {}():\n{}\n    await g({})", names, body, expressions),
        _join("class {}({}, metaclass={}):\n{}", names, names, names, body),
        _join("if {}:\n{}\nelse:\n{}", expressions, body, body),
        _join("for {}, {}_ in {}:\n{}\nelse:\n{}", names, names, expressions, body, body),
        _join("while {}:\n{}\n    break", expressions, body),
        _join("with {} as {}, {}:\n{}", expressions, names, expressions, body),
        _join("try:\n{}\nexcept {} as {}:\n{}\nfinally:\n{}", body, names, names, body, body),
        _join(
            "match {}:\n    case {{'k': {}_}} if {}:\n        {} = 1\n    case [1, *_]:\n"
            "        pass",
            names,
            names,
            expressions,
            names,
        ),
    )


statements = st.recursive(
    st.one_of(
        _join("{} = {}", names, expressions),
        _join("{}, *{} = {}", names, names, expressions),
        _join("{}: {} = {}", names, names, expressions),
        _join("{} += {}", names, expressions),
        _join("{}.{} = {}[0] = {}", names, names, names, expressions),
        _join("del {}[{}]", names, expressions),
        _join("assert {}, {}", expressions, expressions),
        _join("raise {} from {}", names, names),
        _join("import {} as {}", names, names),
        _join("from .{} import {} as {}, {}", names, names, names, names),
        names.map("print({})".format),
    ),
    _compound,
    max_leaves=3,
)
programs = st.lists(statements, min_size=1, max_size=3).map("\n".join)


def rewritten(source: str, chance: random.Random) -> str:
    """The same program in another dress: parentheses, lines, quotes, digits, comments."""
    source = _parenthesised(source, chance)
    source = _spelled(source, chance)
    return _commented(source, chance)


def _parenthesised(source: str, chance: random.Random) -> str:
    """Around expressions that are read; positions inside of f-strings are not to be relied on."""
    lines = [line.encode() for line in source.splitlines(keepends=True)]
    starts = [sum(map(len, lines[:n])) for n in range(len(lines))]
    places: list[tuple[int, bytes]] = []
    for node in _read_expressions(ast.parse(source)):
        if chance.random() < 0.3:
            begin = starts[node.lineno - 1] + node.col_offset
            end = starts[(node.end_lineno or 1) - 1] + (node.end_col_offset or 0)
            places += [(begin, chance.choice([b"(", b"(  ", b"(\n"])), (end, b")")]
    text = b"".join(lines)
    for place, mark in sorted(places, key=lambda p: (p[0], p[1] != b")"), reverse=True):
        text = text[:place] + mark + text[place:]
    return text.decode()


def _read_expressions(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.JoinedStr | ast.pattern):
            continue
        read = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
        if isinstance(node, ast.expr) and read and not _is_bound_to_place(node):
            yield node
        yield from _read_expressions(node)


def _is_bound_to_place(node: ast.expr) -> bool:
    """Whether parentheses around it would be an error."""
    sliced = isinstance(node, ast.Tuple) and any(isinstance(e, ast.Slice) for e in node.elts)
    return sliced or isinstance(node, ast.Slice | ast.Starred)


def _spelled(source: str, chance: random.Random) -> str:
    """Other quotes, other digits, and blanks for the indentation that it is."""
    lines = source.splitlines()
    for token in reversed(list(tokenize.generate_tokens(io.StringIO(source).readline))):
        (row, start), (_, end) = token.start, token.end
        if token.type in (tokenize.STRING, tokenize.NUMBER) and chance.random() < 0.5:
            line = lines[row - 1]
            lines[row - 1] = line[:start] + _respelled(token.string) + line[end:]
    wide = chance.choice([" ", "  ", "\t"])
    return "\n".join(_reindented(line, wide) for line in lines) + "\n"


def _respelled(text: str) -> str:
    if text[:1] in "fF":
        return text
    value = ast.literal_eval(text)
    if isinstance(value, str):
        return "".join(f'"\\U{ord(letter):08x}"' for letter in value) or '""""""'
    if isinstance(value, bytes):
        return "".join(f"b'\\x{byte:02x}'" for byte in value) or 'b""'
    return f"{value:#_x}" if isinstance(value, int) else text


def _reindented(line: str, wide: str) -> str:
    body = line.lstrip(" ")
    return wide * ((len(line) - len(body)) // 4) + body


def _commented(source: str, chance: random.Random) -> str:
    lines = source.splitlines()
    ends = [
        token.start[0]
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.NEWLINE
    ]
    for row in reversed(ends):
        added = chance.choice([[], [""], ["# 'note", ""]])
        lines[row - 1 : row] = [lines[row - 1] + chance.choice(["", "  ", "  # why"]), *added]
    return "\n".join(["# first", *lines])
