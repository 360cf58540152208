"""Files that a step read, wrote or asked about, as parts of its record."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Set

from jupyter_mlpipe.engine.attempt import Attempt
from jupyter_mlpipe.engine.details import file_text
from jupyter_mlpipe.engine.file_facts import (
    file_digest,
    files_below,
    with_content,
    written_digest,
)
from jupyter_mlpipe.engine.inquiries import EXISTENCE, inquired_path, inquiry_digest
from jupyter_mlpipe.engine.watch import Sightings
from jupyter_mlpipe.model.run import Dependency, DependencyKind

_MOST = 10_000
"""Files of a folder that are looked into; of more, names count."""


def file_dependencies(attempt: Attempt, seen: Sightings) -> tuple[Dependency, ...]:
    """Files as the step leaves them, so that one it wrote must still be there for a hit."""
    named = _literal_paths(attempt)
    written = seen.written | {path for path in named if _is_newer(path, attempt.started)}
    written |= _left_in(seen.emptied)
    paths = {*seen.read, *seen.listed, *(named - written)}
    digests = {path: file_digest(path) for path in sorted(paths)}
    read_by_modules = attempt.scope.module_states.files_of(attempt.surroundings.closure.modules)
    digests |= read_by_modules
    return (
        *(
            Dependency(DependencyKind.FILE, path, digest, file_text(path))
            for path, digest in digests.items()
            if digest
        ),
        *(
            Dependency(DependencyKind.WRITTEN, path, written_digest(path))
            for path in sorted(written)
        ),
        *_inquiry_dependencies(seen, written, {p for p, d in digests.items() if not d}),
    )


def _inquiry_dependencies(
    seen: Sightings, written: Set[str], absent: Set[str]
) -> Iterator[Dependency]:
    """A library may look at what it is about to write; whether it did so makes no difference.

    To open a file that is `absent` is to ask for it.
    """
    found = seen.inquiries
    asked = {EXISTENCE + path: inquiry_digest(EXISTENCE + path) for path in absent - written}
    for name, answer in sorted((asked | found.asked).items()):
        if name in found.by_user or inquired_path(name) not in written:
            yield Dependency(DependencyKind.INQUIRY, name, answer)


def _left_in(emptied: Set[str]) -> Set[str]:
    """Folders that a step emptied and filled, with their files: libraries may write unseen."""
    folders = [path for path in sorted(emptied) if os.path.isdir(path)]  # noqa: PTH112
    found = itertools.chain.from_iterable(map(files_below, folders))
    files = (path for path in found if os.path.isfile(path))  # noqa: PTH113
    return {*map(with_content, folders), *itertools.islice(files, _MOST)}


def _literal_paths(attempt: Attempt) -> frozenset[str]:
    """Existing files named in the cell: libraries written in C open them unseen."""
    texts = attempt.signature.strings
    return frozenset(os.path.abspath(t) for t in texts if _is_file(t))  # noqa: PTH100


def _is_newer(path: str, moment: float) -> bool:
    """Clocks of file systems tick every few milliseconds only."""
    return os.path.getmtime(path) > moment - 0.02  # noqa: PTH204


def _is_file(text: str) -> bool:
    try:
        return len(text) < 1024 and os.path.isfile(text)  # noqa: PTH113 - refuses no odd strings
    except ValueError:
        return False
