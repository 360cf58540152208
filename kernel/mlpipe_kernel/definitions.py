"""The imports, functions, classes and constants that cells have run, and how to run them again."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Set
from dataclasses import replace
from typing import Any

from jupyter_mlpipe.analysis.code import Meaning, bound_by, code_statements
from jupyter_mlpipe.analysis.edits import definition_hashes
from jupyter_mlpipe.analysis.kinds import derived_value, literal_value
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.analysis.statements import (
    Statement,
    StatementKind,
    as_one,
    futures_first,
    kinds_of_names,
    read_statements,
)
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.materializers.fingerprint import content_digest

_CODE = frozenset({StatementKind.IMPORT, StatementKind.FUNCTION, StatementKind.CLASS})
_LITERAL = frozenset({StatementKind.CONSTANT, StatementKind.PARAMETER})
_KEPT = _CODE | _LITERAL | {StatementKind.DERIVED, StatementKind.SETTING}
_CONSTANT = _LITERAL | {StatementKind.DERIVED, StatementKind.IMPORT}
_WRITTEN = (StatementKind.CONSTANT, StatementKind.DERIVED)


class Definitions:
    """The latest definition of each name, in the order in which they were run."""

    def __init__(self) -> None:
        self._statements: list[Statement] = []
        self._of_steps: set[str] = set()
        """Names that steps bound last: what they hold is data, be it imported."""
        self._said: dict[str, str | None] = {}
        """Digests of what literals say, by their statements."""

    @property
    def constants(self) -> frozenset[str]:
        """Names that a literal or an import of an untagged cell sets."""
        return self._names(_CONSTANT) - self._of_steps

    @property
    def parameters(self) -> frozenset[str]:
        """Names set in a cell of parameters."""
        return self._names(frozenset({StatementKind.PARAMETER}))

    def hold(self, namespace: Mapping[str, Any], name: str) -> bool:
        """Whether a name is bound to what its statement says, where that is a constant's.

        A list may have been changed in place since, a number by a function that calls it global.
        """
        written = (s for s in self._statements if name in s.names and s.kind in _WRITTEN)
        statement = next(written, None)
        if statement is None or name not in namespace:
            return True
        said = self._says(statement, namespace)
        return said is not None and said == content_digest(namespace[name])

    def _says(self, statement: Statement, namespace: Mapping[str, Any]) -> str | None:
        """Digest of what a constant's statement makes now."""
        if statement.kind is StatementKind.DERIVED:
            others = statement.reads - statement.names
            if others & self._of_steps or not all(self.hold(namespace, n) for n in others):
                return None
            return content_digest(derived_value(statement.source, namespace))
        if statement.source not in self._said:
            self._said[statement.source] = content_digest(literal_value(statement.source))
        return self._said[statement.source]

    @property
    def source(self) -> str:
        """All of them as one piece of code that can be run from an empty namespace."""
        return "\n".join(statement.source for statement in self._statements)

    @property
    def hashes(self) -> Mapping[str, str]:
        """What each name's definition says; see `definition_hashes`."""
        texts = [statement.source for statement in self._statements]
        return {name: said for text in texts for name, said in definition_hashes(text).items()}

    def learn(self, cell: str, *, parameters: bool = False) -> bool:
        """Take up a cell that just ran and is no step.

        Args:
            cell: Its source, without a `%%params` line.
            parameters: Whether its literals are parameters.

        Returns:
            Whether imports, functions or classes were added or changed.
        """
        known = kinds_of_names(self._statements)
        found = read_statements(python_source(cell), known=known)
        if parameters:
            found = tuple(
                replace(s, kind=StatementKind.PARAMETER) if s.kind is StatementKind.CONSTANT else s
                for s in found
            )
        self._of_steps -= {name for s in found for name in s.names}
        return self._take_up(found, {s for s in found if s.kind in _KEPT})

    def learn_step(self, cell: str, meaning: Meaning) -> bool:
        """Take up a step that just ran; all that it computes, literals included, is data.

        Returns:
            Whether imports, functions or classes were added or changed.
        """
        python = python_source(cell)
        try:
            tree = parse(python)
        except SyntaxError:
            return False
        code = code_statements(tree, meaning)
        found = read_statements(python) if code else (as_one(python),)
        kept = {s for node, s in zip(tree.body, found, strict=False) if node in code}
        self._of_steps |= {name for s in found for name in s.names}
        return self._take_up(found, kept)

    def _take_up(self, found: Iterable[Statement], kept: Set[Statement]) -> bool:
        before = self._code()
        for statement in found:
            self._forget(statement.names | statement.deletes)
            if statement in kept and statement not in self._statements:
                self._statements.append(statement)
        return self._code() != before

    def holds(self, node: ast.stmt) -> bool:
        """Whether this very definition is the latest of its name; how it is laid out aside."""
        dump = ast.dump(node)
        names = bound_by(node)
        candidates = (s for s in self._statements if s.names >= names)
        return any(dump == ast.dump(n) for s in candidates for n in ast.parse(s.source).body)

    def defines_anew(self, cell: str) -> bool:
        """Whether a cell gives a class that is at hand another meaning.

        What is of the old class and not loaded yet would come back as of the new one.
        """
        if "class " not in cell:
            return False
        latest = {n: s.source for s in self._statements for n in s.names}
        found = (s for s in read_statements(python_source(cell)) if s.kind is StatementKind.CLASS)
        return any(latest.get(n, s.source) != s.source for s in found for n in s.names)

    def add(self, statements: Iterable[Statement]) -> None:
        """Take up definitions that are at hand as statements, behind all others."""
        self._statements += [s for s in statements if s not in self._statements]

    def take(self, names: Iterable[str]) -> tuple[Statement, ...]:
        """Remove and return what defines the given names, and the settings that go with it.

        An import from `__future__` goes with whatever is taken first.
        """
        wanted = frozenset(names)
        taken = [s for s in self._statements if s.names & wanted or self._sets(s, wanted)]
        if taken:
            taken = [*(s for s in self._statements if s.is_future and s not in taken), *taken]
        self._statements = [s for s in self._statements if s not in taken]
        return futures_first(taken)

    def names(self) -> frozenset[str]:
        """Every name that is defined."""
        return frozenset().union(*(s.names for s in self._statements))

    def _code(self) -> list[str]:
        return [s.source for s in self._statements if s.kind in _CODE]

    def _names(self, kinds: frozenset[StatementKind]) -> frozenset[str]:
        return frozenset().union(*(s.names for s in self._statements if s.kind in kinds))

    def _forget(self, names: frozenset[str]) -> None:
        """What was added to a function or class goes with it."""
        if names:
            kept = (s for s in self._statements if not s.names & names)
            self._statements = [s for s in kept if s.names or not s.extends & names]

    def _sets(self, statement: Statement, names: frozenset[str]) -> bool:
        return statement.kind is StatementKind.SETTING and bool(statement.reads & names)


def run_statement(statement: Statement, shell: Any) -> None:
    """Run a definition so that its source can be found and its tracebacks show it."""
    name = shell.compile.cache(statement.source, raw_code=statement.source)
    tree = shell.compile.ast_parse(statement.source, name)
    exec(shell.compile(tree, name, "exec"), shell.user_ns)  # as a cell is, without our own flags
