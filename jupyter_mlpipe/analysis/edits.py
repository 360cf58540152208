"""What an edit of an untagged cell touches, told from its text alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from jupyter_mlpipe.analysis.canonical import canonical_hash
from jupyter_mlpipe.analysis.mutation import changed_in_place
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.analysis.statements import Statement, StatementKind, read_statements

_DEFINITIONS = frozenset(StatementKind) - {StatementKind.DATA, StatementKind.MAGIC}


def changed_names(before: str, after: str) -> frozenset[str]:
    """Names that the statements by which two texts of a cell differ bind or change in place.

    Layout and comments make no difference. Both texts are what `python_source` makes of a cell.
    """
    old, new = Counter(_hashed(before)), Counter(_hashed(after))
    differing = (old - new) + (new - old)
    return frozenset(name for statement, _ in differing for name in statement)


def definition_hashes(source: str) -> Mapping[str, str]:
    """For each name that imports, functions, classes and literals bind: what its last one says."""
    return {
        name: canonical_hash(statement.source)
        for statement in read_statements(source)
        if statement.kind in _DEFINITIONS
        for name in statement.names
    }


def _hashed(source: str) -> Iterator[tuple[frozenset[str], str]]:
    """What each statement touches, and what it says."""
    for statement in read_statements(source):
        try:
            yield _touched(statement), canonical_hash(statement.source)
        except SyntaxError:  # the whole cell, half typed
            yield frozenset(), statement.source


def _touched(statement: Statement) -> frozenset[str]:
    return statement.names | (changed_in_place(parse(statement.source)) & statement.reads)
