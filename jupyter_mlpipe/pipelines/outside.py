"""What cells without a step do to local modules, as far as text tells: no worker does it again.

Where the notebook ran a step, its record says what had been done to modules; see
`engine.handover.done_outside`. This is for steps that are not on record.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from jupyter_mlpipe.analysis.leftovers import import_pairs, path_of, stored_through
from jupyter_mlpipe.analysis.mutation import MUTATORS
from jupyter_mlpipe.analysis.notebook import Notebook
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.analysis.statements import Statement, StatementKind
from jupyter_mlpipe.model.errors import OutsideDataError
from jupyter_mlpipe.pipelines.definitions import Definitions, definitions_of
from jupyter_mlpipe.pipelines.facts import StepFacts, read_facts
from jupyter_mlpipe.tracking.store import MetadataStore

_EFFECTS = frozenset({StatementKind.DATA, StatementKind.FUNCTION, StatementKind.CLASS})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def refuse_lost_changes(
    notebook: Notebook, metadata: MetadataStore | None, folders: Sequence[Path]
) -> None:
    """Refuse a pipeline of which a step would find a module as its file made it.

    Args:
        notebook: To be run elsewhere.
        metadata: With the steps on record, if there is any.
        folders: Where local modules lie.

    Raises:
        OutsideDataError: Names the step, and the cell that changes the module.
    """
    definitions = definitions_of(notebook)
    changes = tuple(_changes(notebook, definitions, folders))
    if not changes:
        return
    for fact in read_facts(notebook, definitions, metadata):
        for statement, module in changes:
            if not fact.recorded and _is_lost(statement, module, fact):
                raise OutsideDataError(
                    fact.step.label,
                    f"it uses the module `{module}`, which cell {statement.cell + 1} changes "
                    "outside a step, and cells without %%step do not run in a pipeline. Tag that "
                    "cell with %%step.",
                )


def _is_lost(statement: Statement, module: str, fact: StepFacts) -> bool:
    above = statement.cell < fact.step.position
    return above and module in fact.text.imported and statement not in fact.definitions


def _changes(
    notebook: Notebook, definitions: Definitions, folders: Sequence[Path]
) -> Iterator[tuple[Statement, str]]:
    """Statements of cells without a step, each with a local module that it changes."""
    imported = (s for s in definitions.statements if s.kind is StatementKind.IMPORT)
    nodes = (node for s in imported for node in ast.walk(parse(s.source)))
    imports = dict(pair for node in nodes for pair in import_pairs(node))
    sources = _Sources(folders)
    for statement in notebook.statements:
        if statement.kind in _EFFECTS:
            for node in _run_at_once(parse(statement.source)):
                yield from ((statement, name) for name in sources.changed_by(node, imports))


def _run_at_once(tree: ast.AST) -> Iterator[ast.AST]:
    """What running a statement runs: decorators, but no bodies of functions."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, _FUNCTIONS):
            for decorator in node.decorator_list:
                yield ast.Call(decorator, [], [])  # what a decorator is, is called
                waiting.append(decorator)
        elif not isinstance(node, ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))


class _Sources:
    """Texts of local modules, each read once."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._trees: dict[str, ast.Module | None] = {}

    def changed_by(self, node: ast.AST, imports: Mapping[str, str]) -> Iterator[str]:
        """Top-level names of local modules that the node stores into, or has functions change."""
        for target in stored_through(node):
            root, *rest = path_of(target) or [""]
            if rest and root in imports and self._tree(_top(imports[root])) is not None:
                yield _top(imports[root])
        if isinstance(node, ast.Call):
            root, *rest = path_of(_called(node)) or [""]
            module, _, function = ".".join([imports.get(root, ""), *rest]).rpartition(".")
            tree = self._tree(module)
            if tree is not None and _changes_globals(tree, function):
                yield _top(module)

    def _tree(self, module: str) -> ast.Module | None:
        if module not in self._trees:
            self._trees[module] = self._read(module)
        return self._trees[module]

    def _read(self, module: str) -> ast.Module | None:
        below = Path(*module.split("."))
        for folder in self._folders if module else ():
            for file in (folder / below.with_suffix(".py"), folder / below / "__init__.py"):
                try:
                    return parse(file.read_text(encoding="utf-8-sig"))
                except (OSError, SyntaxError, ValueError):
                    continue
        return None


def _changes_globals(tree: ast.Module, function: str) -> bool:
    """Whether a function of a module stores into what the module holds."""
    defined = {node.name: node for node in tree.body if isinstance(node, _FUNCTIONS)}
    bound = {name for node in tree.body for name in _names_bound(node)}
    waiting, seen = [function], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in defined or name in seen:
            continue
        seen.add(name)
        for node in ast.walk(defined[name]):
            if isinstance(node, ast.Global) or _stores_into(node) in bound:
                return True
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                waiting.append(node.func.id)
    return False


def _names_bound(node: ast.stmt) -> Iterator[str]:
    targets = node.targets if isinstance(node, ast.Assign) else []
    targets += [node.target] if isinstance(node, ast.AnnAssign) else []
    yield from (target.id for target in targets if isinstance(target, ast.Name))


def _stores_into(node: ast.AST) -> str:
    """The name whose value a node changes in place; empty for most."""
    match node:
        case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store()):
            return "".join(path_of(node)[:1])
        case ast.Call(func=ast.Attribute(attr=method, value=value)) if method in MUTATORS:
            return "".join(path_of(value)[:1])
    return ""


def _called(call: ast.Call) -> ast.expr:
    """The function behind a call, or behind what a call gave: `register("csv")(f)`."""
    function = call.func
    while isinstance(function, ast.Call):
        function = function.func
    return function


def _top(module: str) -> str:
    return module.partition(".")[0]
