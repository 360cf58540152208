"""What code leaves in its process that cannot be stored, as far as its text shows."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from jupyter_mlpipe.analysis.handed import handed_by_call, kept_by
from jupyter_mlpipe.analysis.mutation import MUTATORS, changed_in_place
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.analysis.statements import Statement, StatementKind
from jupyter_mlpipe.analysis.variable_hints import hints_given
from jupyter_mlpipe.model.run import Immovable

_PLACE = "an object's place in memory"
_MAKERS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("open", "fdopen", "TemporaryFile", "NamedTemporaryFile"), "an open file"),
        **dict.fromkeys(("connect", "create_connection"), "a connection"),
        "cursor": "a cursor on a connection",
        **dict.fromkeys(("Thread", "Timer"), "a thread"),
        **dict.fromkeys(
            ("Lock", "RLock", "Event", "Condition", "Semaphore", "BoundedSemaphore", "Barrier"),
            "a lock",
        ),
        **dict.fromkeys(("ThreadPoolExecutor", "ProcessPoolExecutor", "Pool"), "a pool of workers"),
        **dict.fromkeys(("create_task", "ensure_future"), "an asyncio task"),
        "new_event_loop": "an event loop",
        "socket": "a socket",
        "Popen": "a running process",
        "memoryview": "a view of memory",
        "ContextVar": "a context variable",
        "mmap": "a map of a file",
        "scandir": "an iterator over a folder",
        **dict.fromkeys(("reader", "DictReader"), "a reader"),
        **dict.fromkeys(("writer", "DictWriter"), "a writer"),
        "ref": "a weak reference",
    }
)
"""Calls by the last part of the function's name."""
_PASS_ON = frozenset({"iter", "map", "filter", "zip", "enumerate", "reversed", "islice", "chain"})
"""What comes back holds on to the arguments."""
_CARRIED = frozenset({"environ", "rcParams", "options", "path", "filters"})
"""Parts of modules that travel as state of the process."""
_CODE = frozenset({StatementKind.FUNCTION, StatementKind.CLASS})


def leftovers(python: str, definitions: Sequence[Statement]) -> tuple[Immovable, ...]:
    """By a cell's own text and that of the definitions it needs; rather once too often."""
    try:
        cell = parse(python)
        around = [parse(s.source) for s in definitions if not _adds_to_code(s)]
    except SyntaxError:
        return ()
    if all(_only_defines(node) for node in cell.body):
        return ()
    defined = frozenset(n for s in definitions if s.kind in _CODE for n in s.names)
    text = _Text((cell, *around), defined)
    found = (
        *(*text.variables(cell), *text.changes(), *text.threads(cell), *text.handed(python)),
        *hints_given(python),
    )
    return tuple({(state.kind, state.name): state for state in found}.values())


def _adds_to_code(statement: Statement) -> bool:
    """Whether it is run anew with the code that it adds to."""
    return statement.kind is StatementKind.SETTING and bool(statement.extends)


class _Text:
    """A cell and the definitions around it."""

    def __init__(self, trees: Iterable[ast.Module], defined: frozenset[str]) -> None:
        self._nodes = [node for tree in trees for node in ast.walk(tree)]
        kinds = ast.FunctionDef | ast.AsyncFunctionDef
        classes = {node.name for node in self._nodes if isinstance(node, ast.ClassDef)}
        self._functions = {node.name: node for node in self._nodes if isinstance(node, kinds)}
        self._defined = defined | self._functions.keys() | classes
        self._imported = dict(pair for node in self._nodes for pair in import_pairs(node))

    def variables(self, cell: ast.Module) -> Iterator[Immovable]:
        """Names that the cell binds to what cannot be stored."""
        for node in ast.walk(cell):
            for name, value in _bindings(node):
                what = self._word(value)
                if what:
                    yield Immovable(name, "variable", what, tuple(sorted(_names(value))))
            if name := _put_by_place(node):
                yield Immovable(name, "variable", _PLACE)

    def threads(self, cell: ast.Module) -> Iterator[Immovable]:
        """Threads that are started, whether bound to a name or not."""
        for node in ast.walk(cell):
            if isinstance(node, ast.Call) and _last(node.func) in ("Thread", "Timer"):
                reached = _names(node)
                for name in reached & self._functions.keys():
                    reached |= _names(self._functions[name])
                yield Immovable("Thread", "thread", "a running thread", tuple(sorted(reached)))

    def handed(self, python: str) -> Iterator[Immovable]:
        """Functions and classes that a module is told to call."""
        given = handed_by_call(python, lambda name: self._imported.get(name, ""))
        return (kept_by(keeper, name) for name, keeper in given.items() if name in self._defined)

    def changes(self) -> Iterator[Immovable]:
        """Modules, functions and classes that are stored into."""
        for node in self._nodes:
            for target in stored_through(node):
                state = self._change(target)
                if state is not None:
                    yield state
        yield from self._remembering()

    def _change(self, target: ast.expr) -> Immovable | None:
        parts = path_of(target)
        if len(parts) < 2 or _CARRIED.intersection(parts[1:]):
            return None
        shown = f"`{'.'.join(parts)}` is changed"
        if parts[0] in self._imported:
            return Immovable(self._imported[parts[0]], "module", shown)
        if parts[0] in self._defined:
            return Immovable(parts[0], "definition", shown)
        return None

    def _remembering(self) -> Iterator[Immovable]:
        """Functions that keep something from call to call, in a default or a cache."""
        for name, function in self._functions.items():
            arguments = function.args
            defaults = [*arguments.defaults, *arguments.kw_defaults]
            kept = any(isinstance(d, ast.List | ast.Dict | ast.Set | ast.Call) for d in defaults)
            changed = changed_in_place(ast.Module(list(function.body), []))
            names = {argument.arg for argument in (*arguments.args, *arguments.kwonlyargs)}
            if kept and changed & names:
                yield Immovable(name, "definition", "its default value is changed")
            if changed and any(_last(d) in ("cache", "lru_cache") for d in function.decorator_list):
                yield Immovable(name, "definition", "it remembers results")
            for decorator in function.decorator_list:
                if _last(decorator) == "register":
                    function_of = decorator.func if isinstance(decorator, ast.Call) else decorator
                    root = "".join(path_of(function_of)[:1])
                    if root in self._defined:
                        yield Immovable(root, "definition", "a case is added")

    def _word(self, value: ast.expr) -> str:
        match value:
            case ast.GeneratorExp():
                return "a generator"
            case ast.Call(func=function):
                return self._word_of_call(value, _last(function))
            case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
                return self._holder(items)
            case ast.Dict(keys=keys, values=items):
                return self._holder([*filter(None, keys), *items])
            case ast.ListComp(elt=item) | ast.SetComp(elt=item):
                return self._holder([item])
            case ast.DictComp(key=key, value=item):
                return self._holder([key, item])
        return ""

    def _word_of_call(self, call: ast.Call, name: str) -> str:
        function = self._functions.get(name)
        if function is not None and isinstance(call.func, ast.Name):
            yields = any(isinstance(n, ast.Yield | ast.YieldFrom) for n in ast.walk(function))
            return "a generator" if yields else ""
        if name in _PASS_ON:
            return self._holder(call.args)
        return _PLACE if _asks_place(call) else _MAKERS.get(name, "")

    def _holder(self, items: Iterable[ast.expr]) -> str:
        return next((word for word in map(self._word, items) if word), "")


def _only_defines(node: ast.stmt) -> bool:
    """Nothing of the notebook's is called yet."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    if isinstance(node, kinds):
        return not node.decorator_list and not getattr(node, "bases", None)
    return isinstance(node, ast.Import | ast.ImportFrom)


def import_pairs(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Names that are bound, with the module, or the member of it, behind each."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0], alias.name
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _bindings(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            for each in targets:
                yield from _bound_by(each, value)
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value
        case ast.NamedExpr(target=ast.Name(id=name), value=value):
            yield name, value


def _bound_by(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for item, part in zip(target.elts, value.elts, strict=False):
            yield from _bound_by(item, part)


def stored_through(node: ast.AST) -> Iterator[ast.expr]:
    """Expressions through which something is changed: `a.b = 1`, `a.b[0] = 1`, `a.b.append(1)`."""
    match node:
        case ast.Attribute(ctx=ast.Store() | ast.Del()):
            yield node
        case ast.Subscript(ctx=ast.Store() | ast.Del(), value=ast.Attribute() as value):
            yield value
        case ast.Call(func=ast.Attribute(attr=method, value=ast.Attribute() as value)):
            if method in MUTATORS:
                yield value
        case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[subject, *_]):
            yield ast.Attribute(subject, "...", ast.Store())
        case ast.Call(func=ast.Attribute(attr="reload"), args=[subject, *_]):
            yield ast.Attribute(subject, "...", ast.Store())


def path_of(node: ast.expr) -> list[str]:
    """`a.b.c` as its parts; empty when it begins with anything but a name."""
    parts: list[str] = []
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute | ast.Subscript):
        if isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
        inner = inner.value
    return [inner.id, *reversed(parts)] if isinstance(inner, ast.Name) else []


def _put_by_place(node: ast.AST) -> str:
    """The variable into which something is put under `id(x)`."""
    match node:
        case ast.Subscript(value=ast.Name(id=name), slice=key, ctx=ast.Store()):
            put = [key]
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method), args=put):
            put = put if method in MUTATORS else []
        case _:
            return ""
    return name if any(map(_asks_place, put)) else ""


def _asks_place(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="id")):
            return True
    return False


def _last(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=function):
            return _last(function)
    return ""


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
