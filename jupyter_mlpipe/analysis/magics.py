"""Which of IPython's magics can be seen through, and which hide what they do.

A magic hides nothing when it neither reads nor binds the user's variables, and what it shows or
sets does not depend on anything outside the notebook. All others, and all that are not known
here, make a cell dynamic.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

PYTHON_MAGICS = frozenset({"time", "timeit", "prun", "capture"})
"""Their code is Python, which `python_source` leaves in the open."""

_HARMLESS = PYTHON_MAGICS | {
    *("autoreload", "colors", "conda", "config", "mamba", "matplotlib", "micromamba", "pip"),
    *("pipeline", "pprint", "precision", "uv", "xmode"),
}
_HARMLESS_CELLS = PYTHON_MAGICS | {
    *("html", "HTML", "javascript", "js", "latex", "markdown", "svg", "SVG"),
}
_SHELLS = frozenset(
    {"!", "bash", "cmd", "perl", "python", "python3", "ruby", "script", "sh", "sx", "system"}
)
_SHELL_COMMAND = "runs a shell command"
_BLIND = frozenset(
    {_SHELL_COMMAND, "uses %%writefile", "uses %%file"}
    | {f"uses %{name}" for name in ("cd", "env", "ls", "mkdir", "pwd", "set_env")}
)
"""Reasons of magics that hide what they do outside, but see no variable that is not filled in."""
_OPTIONS = {
    "time": r"--no-raise-error\b",
    "timeit": r"-[nrp]\s*\d+(?!\S) | -[tcqo]+(?!\S)",
    "prun": r"-[lsDT]\s*\S+ | -q(?!\S)",
    "capture": r"--no-\w+ | [^\W\d]\w*",
}
_UNEXPANDED = frozenset({"capture", "time", "timeit"})


def split_options(name: str, line: str) -> tuple[str, str]:
    """What stands before the code on the line of a magic, and the code."""
    pattern = _OPTIONS.get(name)
    if pattern is None:
        return line.strip(), ""
    found = re.match(rf"\s*(?:(?:{pattern})\s*)*", line, re.VERBOSE)
    end = found.end() if found else 0
    return line[:end].strip(), line[end:].strip()


def hidden_by_magics(tree: ast.Module) -> str | None:
    """Why the magics of a cell hide what it reads or binds, in the user's words."""
    calls = [call for node in ast.walk(tree) if (call := _magic_call(node))[0]]
    mentions = sum(isinstance(n, ast.Name) and n.id == "get_ipython" for n in ast.walk(tree))
    found = [_hazard(*call) for call in calls]
    found += ["uses get_ipython()"] if mentions != len(calls) else []
    return min(filter(None, found), key=is_blind, default=None)


def is_blind(reason: str) -> bool:
    """Whether what is hidden for this reason reads and binds no further variables."""
    return reason in _BLIND


def filled_in_by_magics(tree: ast.Module) -> frozenset[str]:
    """Names whose values IPython puts into shell lines and into the arguments of magics."""
    texts: list[str] = []
    for node in ast.walk(tree):
        method, arguments = _magic_call(node)
        if method in ("system", "getoutput"):
            texts += arguments[:1]
        elif method and arguments[0] not in _UNEXPANDED:
            texts += arguments[1:2]
    return frozenset(name for text in texts for name in _filled_in(text))


def _filled_in(text: str) -> Iterator[str]:
    """`{expression}`, `$name` and `$name.attribute`; `$$name` is left to the shell."""
    yield from re.findall(r"(?<!\$)\$([^\W\d]\w*)", text)
    for expression in re.findall(r"(?<!\{)\{([^{}]+)\}", text):
        try:
            tree = ast.parse(expression.strip(), mode="eval")
        except SyntaxError:
            continue
        yield from (node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def line_magics(tree: ast.Module, name: str) -> tuple[str, ...]:
    """The argument lines of one magic, where it stands as a statement of the cell."""
    calls = [_magic_call(s.value) for s in tree.body if isinstance(s, ast.Expr)]
    return tuple(
        arguments[1]
        for method, arguments in calls
        if method == "run_line_magic" and len(arguments) == 2 and arguments[0] == name
    )


def is_magic(statement: ast.stmt) -> bool:
    """Whether a statement is one magic, shell line or request for help."""
    return isinstance(statement, ast.Expr) and bool(_magic_call(statement.value)[0])


def _magic_call(node: ast.AST) -> tuple[str, tuple[str, ...]]:
    """Method and literal arguments of `get_ipython().method("...")`; ("", ()) for other nodes."""
    match node:
        case ast.Call(
            func=ast.Attribute(
                value=ast.Call(func=ast.Name(id="get_ipython"), args=[], keywords=[]), attr=method
            ),
            args=arguments,
            keywords=[],
        ):
            literals = [a.value for a in arguments if isinstance(a, ast.Constant)]
            texts = tuple(text for text in literals if isinstance(text, str))
            if len(texts) == len(arguments):
                return method, texts
    return "", ()


def _hazard(method: str, arguments: tuple[str, ...]) -> str | None:
    if method in ("system", "getoutput"):
        return _SHELL_COMMAND
    if method not in ("run_line_magic", "run_cell_magic") or len(arguments) < 2:
        return "uses get_ipython()"
    name, line = arguments[:2]
    sign = "%%" if method == "run_cell_magic" else "%"
    if name in _SHELLS:
        return _SHELL_COMMAND
    if name not in (_HARMLESS_CELLS if sign == "%%" else _HARMLESS):
        return "asks for help" if name.startswith("pinfo") else f"uses {sign}{name}"
    if name in PYTHON_MAGICS:
        seen_through = not split_options(name, line)[1] and not any(arguments[2:])
        return None if seen_through else f"uses {sign}{name}"
    if name not in _UNEXPANDED and re.search(r"[${]", line):
        return f"uses variables in the arguments of {sign}{name}"
    return None
