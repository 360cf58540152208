"""Which steps go one after the other because of what is no variable: settings, files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from jupyter_mlpipe.engine.inquiries import inquired_path
from jupyter_mlpipe.engine.states import SEARCH_PATH, VARIABLE
from jupyter_mlpipe.model.run import DependencyKind, StepRun

_ALL_VARIABLES = f"{VARIABLE}*"


@dataclass(frozen=True, slots=True)
class StateUse:
    """What a step does to its process and to files."""

    reads: frozenset[str] = frozenset()
    """Names of effects, as other steps may have."""
    changes: frozenset[str] = frozenset()
    read_files: frozenset[str] = frozenset()
    written_files: frozenset[str] = frozenset()
    modules: frozenset[str] = frozenset()
    """Local modules that it reached; a step above may have written them."""
    unknown: bool = False
    """Not on record, and its text does not rule anything out."""
    by_text: bool = False
    """Not on record. No text rules out that it goes by a setting: arithmetic by the context of
    decimal, `str` by the options of pandas, any call by the recursion limit."""

    @property
    def anything(self) -> bool:
        """Whether another step could notice it, or it another."""
        known = (self.reads, self.changes, self.read_files, self.written_files)
        return self.unknown or any(known)


def use_on_record(runs: Iterable[StepRun], placed: frozenset[str] = frozenset()) -> StateUse:
    """Everything that any of the runs did.

    Args:
        runs: Of one step.
        placed: Files that come with the paths that it reads. They are put where they were, unless
            a step above took them away: it has to have done so, and one below not to.
    """
    runs = tuple(runs)
    found = [dependency for run in runs for dependency in run.dependencies]

    def named(kind: DependencyKind) -> frozenset[str]:
        return frozenset(d.name for d in found if d.kind is kind)

    variables = named(DependencyKind.ENVIRONMENT)
    return StateUse(
        reads=named(DependencyKind.RANDOM)
        | named(DependencyKind.STATE)
        | {f"{VARIABLE}{name}" for name in variables},
        changes=frozenset(name for run in runs for name in run.effects),
        read_files=placed
        | named(DependencyKind.FILE)
        | {inquired_path(name) for name in named(DependencyKind.INQUIRY)},
        written_files=named(DependencyKind.WRITTEN),
        modules=named(DependencyKind.MODULE),
    )


def must_follow(later: StateUse, earlier: StateUse) -> bool:
    """Whether a step has to wait for one above it in the notebook."""
    changes = earlier.changes
    if earlier.unknown and (later.anything or later.by_text):
        return True
    if later.unknown and earlier.anything:
        return True
    if any(name.startswith(SEARCH_PATH) for name in changes):
        return True
    touched = later.reads | later.changes
    if changes & touched:
        return True
    if _ALL_VARIABLES in touched and any(name.startswith(VARIABLE) for name in changes):
        return True
    return _share_files(later, earlier)


def _share_files(later: StateUse, earlier: StateUse) -> bool:
    """A file is not kept in versions, so its readers also come before the next writer."""
    used = later.read_files | later.written_files
    if _meet(earlier.written_files, used) or _meet(later.written_files, earlier.read_files):
        return True
    return bool(
        later.modules & _modules_in(earlier.written_files)
        or earlier.modules & _modules_in(later.written_files)
    )


def _modules_in(paths: frozenset[str]) -> frozenset[str]:
    """Every name by which a file could be imported, wherever the search path begins."""
    files = [PurePath(path).with_suffix("") for path in paths if path.endswith(".py")]
    named = [(f.parent if f.name == "__init__" else f).parts for f in files]
    return frozenset(".".join(parts[-n:]) for parts in named for n in range(1, len(parts)))


def _meet(written: frozenset[str], used: frozenset[str]) -> bool:
    """The same file, or a folder that one lies in and the other lists or made."""
    if not written or not used:
        return False
    return bool(_with_folders(written) & used or written & _with_folders(used))


def _with_folders(paths: frozenset[str]) -> frozenset[str]:
    return paths | {str(parent) for path in paths for parent in PurePath(path).parents}
