"""Changes what Python means, one thing at a time."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from functools import partial
from typing import Any


def variants(source: str, chance: random.Random, most: int = 15) -> Iterator[str]:
    """The program with one thing about it changed, in some of the ways that are known here."""
    tree = ast.parse(source)
    texts = [part for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for part in n.values]
    changes = [
        (place, change)
        for place, node in enumerate(ast.walk(tree))
        for change in (*(() if node in texts else _CHANGES.get(type(node), ())), *_orders(node))
    ]
    for place, change in chance.sample(changes, min(most, len(changes))):
        other = deepcopy(tree)
        if change(list(ast.walk(other))[place]) is not False:
            yield ast.unparse(ast.fix_missing_locations(other))


def _orders(node: ast.AST) -> Iterator[Callable[[ast.AST], object]]:
    """Each statement left out, or after the one that follows it."""
    for name in ("body", "orelse", "finalbody"):
        body = getattr(node, name, None)
        for index in range(len(body) if isinstance(body, list) else 0):
            yield partial(_reorder, name=name, index=index, order=())
            yield partial(_reorder, name=name, index=index, order=(1, 0))


def _reorder(node: ast.AST, name: str, index: int, order: tuple[int, ...]) -> bool:
    body = getattr(node, name)
    pair = body[index : index + 2]
    if len(pair) < 2:
        return False
    body[index : index + 2] = [pair[at] for at in order] or [pair[1]]
    return True


def _set(field: str, make: Callable[[Any], object]) -> Callable[[ast.AST], bool]:
    """A change of one field; none where it is empty, or where the change does not fit."""

    def change(node: ast.AST) -> bool:
        value = getattr(node, field)
        if value is None or value == []:
            return False
        try:
            made = make(value)
        except (TypeError, ValueError, OverflowError):
            return False
        setattr(node, field, made)
        return True

    return change


def _move(here: str, there: str) -> Callable[[ast.AST], bool]:
    """The last argument of one sort becomes the first of another."""

    def change(node: ast.AST) -> bool:
        if not getattr(node, here):
            return False
        getattr(node, there).insert(0, getattr(node, here).pop())
        return True

    return change


def _exchange(one: str, other: str) -> Callable[[ast.AST], bool]:
    def change(node: ast.AST) -> bool:
        first, second = getattr(node, one), getattr(node, other)
        if not first or not second:
            return False
        setattr(node, one, second)
        setattr(node, other, first)
        return True

    return change


def _by_keyword(node: ast.AST) -> bool:
    if not node.args or isinstance(node.args[-1], ast.Starred):
        return False
    node.keywords.insert(0, ast.keyword("moved", node.args.pop()))
    return True


def _by_position(node: ast.AST) -> bool:
    if not node.keywords or node.keywords[0].arg is None:
        return False
    node.args.append(node.keywords.pop(0).value)
    return True


def _other_operator(node: ast.AST) -> bool:
    choices = next(group for group in _OPERATORS if type(node.op) in group)
    node.op = choices[choices.index(type(node.op)) - 1]()
    return True


def _other_comparison(node: ast.AST) -> bool:
    node.ops[0] = _COMPARISONS[_COMPARISONS.index(type(node.ops[0])) - 1]()
    return True


def _as(kind: type[ast.AST]) -> Callable[[ast.AST], bool]:
    """The same fields, of another kind of node: a list becomes a tuple."""

    def change(node: ast.AST) -> bool:
        node.__class__ = kind
        return True

    return change


def _longer(text: str) -> str:
    return f"{text}x"


def _backwards(items: list[Any]) -> list[Any]:
    return items[::-1]


def _shorter(items: list[Any]) -> list[Any]:
    return items[1:]


def _only(kind: type, make: Callable[[Any], object]) -> Callable[[Any], object]:
    def made(value: Any) -> object:
        if type(value) is not kind:
            raise TypeError
        return make(value)

    return made


_OPERATORS = (
    (
        ast.Add,
        ast.Sub,
        ast.Mult,
        ast.Div,
        ast.FloorDiv,
        ast.Mod,
        ast.MatMult,
        ast.Pow,
        ast.LShift,
        ast.RShift,
        ast.BitAnd,
        ast.BitOr,
        ast.BitXor,
    ),
    (ast.And, ast.Or),
    (ast.UAdd, ast.USub, ast.Invert, ast.Not),
)
_COMPARISONS = (
    *(ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq),
    *(ast.Is, ast.IsNot, ast.In, ast.NotIn),
)
_CONSTANT = tuple(
    _set("value", make)
    for make in (
        _only(int, lambda n: n + 1),
        _only(int, float),
        _only(int, bool),
        _only(int, hex),
        _only(int, complex),
        _only(float, lambda x: -x),
        _only(float, repr),
        _only(bool, int),
        _only(str, _longer),
        _only(str, str.encode),
        _only(str, int),
        _only(bytes, repr),
        _only(type(...), repr),
    )
)
_FUNCTION = (
    _set("name", _longer),
    _set("decorator_list", _shorter),
    _set("decorator_list", _backwards),
    _set("returns", lambda _: None),
    _set("returns", lambda _: ast.Name("other", ast.Load())),
)
_CHANGES: Mapping[type[ast.AST], tuple[Callable[[Any], bool], ...]] = {
    ast.AnnAssign: (
        _set("annotation", lambda _: ast.Name("other", ast.Load())),
        _set("value", lambda _: None),
        _set("simple", lambda simple: 1 - simple),
    ),
    ast.AsyncFunctionDef: (*_FUNCTION, _as(ast.FunctionDef)),
    ast.Attribute: (_set("attr", _longer),),
    ast.Assert: (_set("msg", lambda _: None),),
    ast.Assign: (_set("targets", _backwards),),
    ast.AugAssign: (_other_operator,),
    ast.BinOp: (_other_operator, _exchange("left", "right")),
    ast.BoolOp: (_other_operator, _set("values", _backwards)),
    ast.Call: (
        _by_keyword,
        _by_position,
        _set("args", _backwards),
        _set("args", _shorter),
        _set("keywords", _backwards),
        _set("keywords", _shorter),
    ),
    ast.ClassDef: (
        _set("name", _longer),
        _set("bases", _shorter),
        _set("keywords", _shorter),
        _move("keywords", "keywords"),
    ),
    ast.Compare: (_other_comparison,),
    ast.Constant: _CONSTANT,
    ast.Dict: (_set("values", _backwards),),
    ast.ExceptHandler: (
        _set("type", lambda _: ast.Name("other", ast.Load())),
        _set("name", _longer),
        _set("name", lambda _: None),
    ),
    ast.For: (_set("orelse", lambda _: []), _exchange("body", "orelse"), _as(ast.AsyncFor)),
    ast.FormattedValue: (
        _set("format_spec", lambda _: None),
        _set("conversion", lambda c: ord("s") if c == ord("r") else ord("r")),
    ),
    ast.FunctionDef: (*_FUNCTION, _as(ast.AsyncFunctionDef)),
    ast.GeneratorExp: (_as(ast.ListComp), _as(ast.SetComp)),
    ast.If: (_set("orelse", lambda _: []), _exchange("body", "orelse"), _as(ast.While)),
    ast.IfExp: (_exchange("body", "orelse"), _exchange("test", "body")),
    ast.ImportFrom: (
        _set("module", _longer),
        _set("level", lambda level: level + 1),
        _set("names", _backwards),
        _set("names", _shorter),
    ),
    ast.JoinedStr: (_set("values", _shorter), _set("values", _backwards)),
    ast.List: (_as(ast.Tuple), _as(ast.Set), _set("elts", _backwards), _set("elts", _shorter)),
    ast.ListComp: (_as(ast.SetComp), _as(ast.GeneratorExp)),
    ast.MatchStar: (_set("name", _longer),),
    ast.Name: (_set("id", _longer), _set("id", str.upper)),
    ast.Raise: (_set("cause", lambda _: None),),
    ast.Slice: (_exchange("lower", "upper"), _set("lower", lambda _: None)),
    ast.Try: (_set("finalbody", lambda _: []),),
    ast.Tuple: (_set("elts", _backwards),),
    ast.UnaryOp: (_other_operator,),
    ast.While: (_as(ast.If), _set("orelse", lambda _: [])),
    ast.With: (_set("items", _backwards), _set("items", _shorter), _as(ast.AsyncWith)),
    ast.alias: (_set("name", _longer), _set("asname", lambda _: None), _set("asname", _longer)),
    ast.arg: (_set("arg", _longer), _set("annotation", lambda _: None)),
    ast.arguments: (
        *(_set("defaults", _shorter), _set("kw_defaults", lambda found: [None] * len(found))),
        *(_move("posonlyargs", "args"), _set("kwonlyargs", _backwards), _set("args", _backwards)),
        *(_set("vararg", lambda _: None), _set("kwarg", lambda _: None)),
    ),
    ast.comprehension: (_set("ifs", lambda _: []), _set("is_async", lambda _: 1)),
    ast.keyword: (_set("arg", _longer), _set("arg", lambda _: None)),
    ast.match_case: (_set("guard", lambda _: None),),
    ast.withitem: (_set("optional_vars", lambda _: None),),
}
"""What may be changed about a node; an empty field stays empty."""
