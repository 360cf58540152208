"""What an edit of an untagged cell touches, told from its text alone."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jupyter_mlpipe.analysis.canonical import canonical_hash
from jupyter_mlpipe.analysis.kinds import RUN_ANEW
from jupyter_mlpipe.analysis.mutation import changed_in_place
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.analysis.statements import Statement, read_statements


@dataclass(frozen=True, slots=True)
class _Said:
    """One statement: what it touches, what it binds for good, and the hash of what it says."""

    touched: frozenset[str]
    defined: frozenset[str]
    hash: str


def changed_names(before: str, after: str) -> frozenset[str]:
    """Names that the statements by which two texts of a cell differ bind or change in place.

    Layout and comments make no difference. Both texts are what `python_source` makes of a cell.
    """
    old, new = Counter(_statements(before)), Counter(_statements(after))
    differing = (old - new) + (new - old)
    return frozenset(name for statement in differing for name in statement.touched)


def definition_hashes(source: str) -> Mapping[str, str]:
    """For each name that imports, functions, classes and literals bind: what its last one says."""
    return {name: said.hash for said in _statements(source) for name in said.defined}


@functools.lru_cache(maxsize=1024)
def _statements(source: str) -> tuple[_Said, ...]:
    """Asked again after each edit of any cell."""
    return tuple(_read(source))


def _read(source: str) -> Iterator[_Said]:
    nothing: frozenset[str] = frozenset()
    for statement in read_statements(source):
        try:
            said = canonical_hash(statement.source)
        except SyntaxError:  # the whole cell, half typed
            yield _Said(nothing, nothing, statement.source)
        else:
            defined = statement.names if statement.kind in RUN_ANEW else nothing
            yield _Said(_touched(statement), defined, said)


def _touched(statement: Statement) -> frozenset[str]:
    bound = statement.names | statement.deletes
    return bound | (changed_in_place(parse(statement.source)) & statement.reads)
