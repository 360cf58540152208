"""Files opened, hosts reached, commands and functions run while a step executes."""

from __future__ import annotations

import os
import re
import site
import sys
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import CodeType
from typing import Any

from jupyter_mlpipe.analysis.bytecode import global_names
from jupyter_mlpipe.engine.askers import (
    asked_by_user,
    called_by_import,
    called_by_notebook,
    runs_among_names,
)
from jupyter_mlpipe.engine.databases import Databases, database_path
from jupyter_mlpipe.engine.entropy import NumpyEntropy
from jupyter_mlpipe.engine.environ import EnvironmentReads
from jupyter_mlpipe.engine.inquiries import PathInquiries, inquired_path
from jupyter_mlpipe.engine.journal import ASKED, Journal
from jupyter_mlpipe.engine.patches import is_local
from jupyter_mlpipe.engine.trace import Executed, FunctionTrace
from jupyter_mlpipe.engine.unheard import UnheardFiles
from jupyter_mlpipe.storage.scratch import PREFIX

_CODE_SUFFIXES = frozenset({".py", ".pyc", ".pyd", ".so", ".pth"})
_SYSTEM = ("/proc/", "/sys/", "/dev/", "/etc/", "/usr/", "/lib/", "/lib64/", "/opt/", "/run/")

_CHANGES = frozenset(
    {
        *("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink"),
        *("os.truncate", "shutil.rmtree", "shutil.move"),
    }
)
"""Events whose first arguments are paths that are there, or gone, afterwards."""
_EMPTIES = frozenset({"os.rename", "os.rmdir", "shutil.rmtree"})
"""Those after which a folder of that name holds only what was put there since."""
_LISTS = frozenset({"os.listdir", "os.scandir"})
_RUNS = frozenset({"subprocess.Popen", "os.system"})
_ID = re.compile(r"(?<![.\w])id\b(?!\s*=[^=])")
_OFTEN = 1000
"""Files after which Linux is asked what it has to tell, for it remembers so much only."""
_HEARD = frozenset(
    {
        *("open", "sqlite3.connect", "pickle.find_class", "socket.connect", "exec", ASKED),
        *(_CHANGES | _LISTS | _RUNS),
    }
)


@dataclass(slots=True)
class Sightings:
    """What was seen during one step."""

    read: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    """Those of them that were not there when they were first heard of."""
    fresh: set[str] = field(default_factory=set)
    """Those that were cleared before anything else was done to them."""
    emptied: set[str] = field(default_factory=set)
    """Folders that were taken away, or tried to: what is in them now, the step left there."""
    listed: set[str] = field(default_factory=set)
    names: dict[str, frozenset[str]] = field(default_factory=dict)
    """What was in folders when all of their names were first asked for."""
    hosts: set[str] = field(default_factory=set)
    commands: set[str] = field(default_factory=set)
    environ: EnvironmentReads = field(default_factory=EnvironmentReads)
    entropy: NumpyEntropy = field(default_factory=NumpyEntropy)
    inquiries: PathInquiries = field(default_factory=PathInquiries)
    executed: Executed = field(default_factory=Executed)
    journal: Journal = field(default_factory=Journal)
    databases: Databases = field(default_factory=Databases)
    lost: bool = False
    """More files were opened past Python than Linux tells of."""
    relative: bool = False
    """A path was given that means another file in another working directory."""

    def add(self, other: Sightings) -> None:
        """Count what another piece of the same step was seen to do."""
        self.read |= other.read
        self.written |= other.written
        self.made |= other.made
        self.fresh |= other.fresh
        self.emptied |= other.emptied
        self.listed |= other.listed
        self.names = {**other.names, **self.names}
        self.hosts |= other.hosts
        self.commands |= other.commands
        self.environ.read.update(other.environ.read)
        self.environ.written.update(other.environ.written)
        self.entropy.drawn = self.entropy.drawn or other.entropy.drawn
        self.inquiries.asked.update(other.inquiries.asked)
        self.inquiries.by_user |= other.inquiries.by_user
        self.executed.add(other.executed)
        self.journal.add(other.journal)
        self.lost = self.lost or other.lost
        self.relative = self.relative or other.relative

    @property
    def rewritten(self) -> set[str]:
        """Files that were changed in place: what they hold depends on what they held."""
        return (self.read & self.written) - self.fresh

    @property
    def outgrown(self) -> set[str]:
        """Folders that were listed, and then changed: the next time there is another list."""
        changed = {os.path.dirname(path) for path in self.written}  # noqa: PTH120
        return {path for path in changed & self.names.keys() if self.names[path] != _names_in(path)}

    def without_transient(self) -> Sightings:
        """Without what the step made for itself and took away again."""
        gone = {path for path in self.made if not os.path.lexists(path)}
        if not gone:
            return self
        kept = PathInquiries(
            {n: d for n, d in self.inquiries.asked.items() if inquired_path(n) not in gone},
            self.inquiries.by_user,
        )
        return replace(
            self,
            read=self.read - gone,
            written=self.written - gone,
            emptied=self.emptied - gone,
            listed=self.listed - gone,
            inquiries=kept,
        )


class ProcessWatch:
    """Listens to the interpreter's audit events; one per process, for hooks cannot be removed.

    Libraries that open files in C, past Python's `open`, are not heard there. Linux tells of those
    (`engine.unheard`); elsewhere, paths written as literals in the cell are taken as inputs.
    """

    def __init__(self, ignored: tuple[Path, ...] = ()) -> None:
        scratch = f"{tempfile.gettempdir()}{os.sep}{PREFIX}"  # may go at any time, with its owner
        folders = (f"{path}{os.sep}" for path in ignored)
        self._ignored = (*_SYSTEM, *_library_folders(), scratch, *folders)
        self._now: list[Sightings | None] = [None]
        """What is filled up at present."""
        self._trace = FunctionTrace()
        self._unheard = UnheardFiles(self._ignored)
        self._installed = False
        self.places: set[int] = set()
        """What `id` gave to code of the user's, in steps and between them."""
        self._minds_places = [False]

    @contextmanager
    def watching(
        self, journal: Journal | None = None, places: Iterable[str] = ()
    ) -> Iterator[Sightings]:
        """Collect sightings until the block ends; blocks do not nest."""
        try:
            yield self.start(journal, places)
        finally:
            self.stop()

    def listen(self) -> None:
        """Be ready to hear what happens."""
        if not self._installed:
            sys.addaudithook(self._hook())
            self._installed = True

    def mind_places(self, text: str, codes: Iterable[CodeType] = ()) -> None:
        """Hear what `id` gives from now on, if a text or code that is about to run mentions it.

        Libraries ask for it a million times, so nothing is spent on it where nobody else does.
        """
        if not self._minds_places[0] and (_ID.search(text) or any(map(_mentions_id, codes))):
            self._minds_places[0] = True
            self.listen()

    def start(self, journal: Journal | None = None, places: Iterable[str] = ()) -> Sightings:
        """Begin to collect; what is returned fills up until `stop`.

        Args:
            journal: Given to code that asks meanwhile which step runs.
            places: Texts that the step may make paths of.
        """
        self.listen()
        self.stop()  # an interrupt may have left the last one open, and `os` with it
        self._unheard.start(places)
        seen = self._now[0] = Sightings(journal=journal or Journal())
        seen.inquiries.start(lambda path: self._relevant(seen, path))
        seen.environ.start(lambda: seen.journal.busy)
        seen.entropy.start()
        seen.executed = self._trace.start()
        return seen

    def stop(self) -> None:
        """Collect no more."""
        self._trace.stop()
        seen, self._now[0] = self._now[0], None
        if seen is not None:
            self._add_unheard(seen)
            seen.written -= seen.databases.unchanged()
            seen.journal.running = None  # it leads to all values from before the step
            seen.entropy.stop()
            seen.environ.stop()
            seen.inquiries.stop()

    def _add_unheard(self, seen: Sightings) -> None:
        """Python's own files are among them, and some of a library's that have gone again."""
        found = self._unheard.stop()
        known = seen.read | seen.written | seen.made
        for path in filter(self._counts, (found.read | found.written) - known):
            seen.written |= {path} & found.written
            seen.read |= {path} - found.written
        seen.listed |= found.listed
        seen.lost = seen.lost or found.lost

    def _counts(self, path: str) -> bool:
        code = os.path.splitext(path)[1] in _CODE_SUFFIXES  # noqa: PTH122
        return not code and os.path.isfile(path)  # noqa: PTH113

    def _hook(self) -> Callable[[str, tuple[Any, ...]], None]:
        """Python calls it for whatever happens, be it `id(x)`, for as long as the process lives.

        A method would make it search for an attribute each time, at five times the price.
        """
        now, this, places = self._now, weakref.ref(self), self.places
        minds = self._minds_places
        own: dict[Any, bool] = {"__main__": True, None: True}
        frame_at = sys._getframe  # noqa: SLF001

        def hear(event: str, arguments: tuple[Any, ...]) -> None:
            if event == "builtins.id":
                if not minds[0]:
                    return
                module = frame_at(1).f_globals.get("__name__")
                if (known := own.get(module)) is None:
                    known = own[module] = is_local(str(module))
                if known:
                    places.add(arguments[0])
                return
            seen = now[0]
            if seen is not None and event in _HEARD and (watch := this()) is not None:
                watch._hear(seen, event, arguments)  # noqa: SLF001

        return hear

    def _hear(self, seen: Sightings, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            self._hear_open(seen, *arguments)
        elif event in _LISTS:
            path = self._relevant(seen, arguments[0] if arguments[0] is not None else ".")
            if path and not called_by_import():
                seen.listed.add(path)
                if event == "os.listdir" and path not in seen.names:
                    seen.names[path] = frozenset()  # we are about to be heard ourselves
                    seen.names[path] = _names_in(path)
        elif event in _CHANGES:
            self._hear_change(seen, event, arguments)
        elif event == "sqlite3.connect":
            self._hear_database(seen, database_path(arguments[0]))
        elif event in _RUNS and called_by_notebook():
            seen.commands.add(str(arguments[0]))
        else:
            _hear_other(seen, event, arguments)

    def _hear_open(self, seen: Sightings, file: Any, mode: Any, flags: Any) -> None:
        path = self._relevant(seen, file)
        if path is None:
            return
        if not (len(seen.read) + 1) % _OFTEN:
            self._unheard.collect()
        writes = any(letter in mode for letter in "wax+") if isinstance(mode, str) else False
        writes = writes or (isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR)))
        if writes:
            _hear_first(seen, path, cleared=isinstance(mode, str) and "w" in mode)
        (seen.written if writes else seen.read).add(path)
        if writes and isinstance(mode, str) and ("a" in mode or "r" in mode):
            seen.read.add(path)  # what it held before is part of what it holds after

    def _hear_database(self, seen: Sightings, told: Any) -> None:
        path = self._relevant(seen, told)
        if path is not None:
            if path not in seen.written:  # what the step put there is no change of another's
                seen.databases.meet(path)
            self._hear_open(seen, told, "r+", 0)

    def _hear_change(self, seen: Sightings, event: str, arguments: tuple[Any, ...]) -> None:
        if arguments[-1] not in (-1, None) and isinstance(arguments[-1], int):
            return  # relative to a folder that was heard of before
        paths = {p for argument in arguments[:2] if (p := self._relevant(seen, argument))}
        for path in paths if event == "os.mkdir" else ():
            _hear_first(seen, path, cleared=False)
        seen.written |= paths
        seen.emptied |= paths if event in _EMPTIES else set()

    def _relevant(self, seen: Sightings, file: Any) -> str | None:
        if seen.journal.busy or not isinstance(file, str | bytes | os.PathLike):
            return None
        said = os.fsdecode(file)
        path = os.path.abspath(said)  # noqa: PTH100 - Path costs 20x in this hook
        if path.startswith(self._ignored):
            return None
        if os.path.splitext(path)[1] in _CODE_SUFFIXES and not asked_by_user():  # noqa: PTH122
            return None  # it was imported, or shown in a traceback
        seen.relative = seen.relative or not os.path.isabs(said)  # noqa: PTH117
        return path


def _mentions_id(code: CodeType) -> bool:
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return "id" in code.co_names or any(map(_mentions_id, inner))


def _names_in(folder: str) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder))  # noqa: PTH208
    except OSError:  # whoever asked is told so
        return frozenset()


def _hear_first(seen: Sightings, path: str, *, cleared: bool) -> None:
    """A path is about to be written to; `cleared` of what it held."""
    if path in seen.read or path in seen.written:
        return
    if not os.path.lexists(path):
        seen.made.add(path)
    if cleared:
        seen.fresh.add(path)


def _library_folders() -> tuple[str, ...]:
    prefixes = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}
    folders = {*prefixes, site.getusersitepackages()}
    caches = {Path.home() / name for name in (".cache", ".config", ".matplotlib", ".ipython")}
    return tuple(f"{folder}{os.sep}" for folder in (*folders, *map(str, caches)))


def _hear_other(seen: Sightings, event: str, arguments: tuple[Any, ...]) -> None:
    """What is no file, folder or command."""
    if event == "pickle.find_class":
        _hear_pickle(seen, *arguments)
    elif event == "socket.connect" and not seen.journal.busy:
        _hear_connect(seen, arguments[1])
    elif event == "exec" and (called_by_notebook() or runs_among_names()):
        seen.executed.names |= global_names(arguments[0]).reads  # of a text that was put together
    elif event == ASKED:
        arguments[0].append(seen.journal)


def _hear_pickle(seen: Sightings, module: Any, name: Any) -> None:
    if module == "__main__":
        seen.executed.names.add(str(name).partition(".")[0])
    else:
        seen.executed.modules.add(str(module))


def _hear_connect(seen: Sightings, address: Any) -> None:
    if isinstance(address, tuple) and address:
        host = str(address[0])
        if not host.startswith("127.") and host not in ("::1", "localhost"):
            seen.hosts.add(host)
