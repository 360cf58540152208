"""What a user may do to the text of a cell; each leaves it as it is where it does not fit."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping

from tests.histories.statements import NAMES, TYPES


def edited(body: str, how: str, place: int) -> str:
    """The body after an edit of one kind, at one of the places where it fits."""
    return _class(body, place) if how == "class" else EDITS[how](body, place)


def _constant(body: str, place: int) -> str:
    tree = ast.parse(body)
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and type(n.value) is int]
    if not found:
        return body
    found[place % len(found)].value += 1  # type: ignore[operator]
    return ast.unparse(tree)


def _kind_of_constant(body: str, place: int) -> str:
    """`2` becomes `2.0`."""
    tree = ast.parse(body)
    found = [
        node
        for call in ast.walk(tree)
        if isinstance(call, ast.BinOp | ast.Assign)
        for node in ast.iter_child_nodes(call)
        if isinstance(node, ast.Constant) and type(node.value) is int
    ]
    if not found:
        return body
    chosen = found[place % len(found)]
    chosen.value = float(chosen.value)  # type: ignore[arg-type]
    return ast.unparse(tree)


def _operator(body: str, place: int) -> str:
    tree = ast.parse(body)
    found = [n for n in ast.walk(tree) if isinstance(n, ast.BinOp) and type(n.op) is ast.Add]
    numbers = [n for n in found if not isinstance(n.right, ast.List)]
    if not numbers:
        return body
    numbers[place % len(numbers)].op = ast.Sub()
    return ast.unparse(tree)


def _swap(body: str, place: int) -> str:
    tree = ast.parse(body)
    if len(tree.body) > 1:
        at = place % (len(tree.body) - 1)
        tree.body[at : at + 2] = reversed(tree.body[at : at + 2])
    return ast.unparse(tree)


def _drop(body: str, place: int) -> str:
    tree = ast.parse(body)
    if len(tree.body) > 1:
        del tree.body[place % len(tree.body)]
    return ast.unparse(tree)


def _double(body: str, place: int) -> str:
    tree = ast.parse(body)
    chosen = tree.body[place % len(tree.body)]
    return ast.unparse(ast.Module([*tree.body, chosen], []))


def _rename(body: str, place: int) -> str:
    """One variable becomes another of its type, wherever the cell uses it."""
    tree = ast.parse(body)
    used = sorted({n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} & TYPES.keys())
    if not used:
        return body
    old = used[place % len(used)]
    others = [name for name in NAMES[TYPES[old]] if name != old]
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == old:
            node.id = others[place % len(others)]
    return ast.unparse(tree)


def _reformat(body: str, place: int) -> str:
    parts = [ast.unparse(node) for node in ast.parse(body).body]
    return "\n\n# next\n".join(parts).replace("'", '"') if '"' not in body else "\n\n".join(parts)


def _class(body: str, place: int) -> str:
    """What is of the class as it was differs from what is of the new one."""
    return re.sub(r"step = (\d+)", lambda found: f"step = {int(found[1]) + 1}", body)


def _comment(body: str, place: int) -> str:
    return f"# remark {place}\n{body}\n"


EDITS: Mapping[str, Callable[[str, int], str]] = {
    "comment": _comment,
    "constant": _constant,
    "double": _double,
    "drop": _drop,
    "kind": _kind_of_constant,
    "operator": _operator,
    "reformat": _reformat,
    "rename": _rename,
    "swap": _swap,
    "tag": lambda body, _: body,  # what the cell is changes, not its text
}
