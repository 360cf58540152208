"""Digests of what steps stand on, as they are at one moment; nothing is loaded or recorded."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from jupyter_mlpipe.analysis.closure import Closure, close_over
from jupyter_mlpipe.analysis.dataflow import analyze
from jupyter_mlpipe.analysis.edits import definition_hashes
from jupyter_mlpipe.analysis.syntax import python_source
from jupyter_mlpipe.engine.aliasing import Aliases
from jupyter_mlpipe.engine.databases import log_beside
from jupyter_mlpipe.engine.dependencies import Surroundings
from jupyter_mlpipe.engine.file_facts import file_digest, located
from jupyter_mlpipe.engine.scope import Scope
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.run import Dependency, DependencyKind, StepRun
from jupyter_mlpipe.model.step import StepOptions, StepSignature

_CODE = (DependencyKind.DEFINITION, DependencyKind.IMPORT, DependencyKind.MODULE)
_NAMED = (DependencyKind.CONSTANT, DependencyKind.PARAMETER, *_CODE[:2])
"""Kinds that a definition of the notebook brings back after a restart."""


class FileFacts:
    """Digests of files, taken again only when the file system shows a change."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[int, ...], str | None]] = {}

    def digest(self, dependency: Dependency, trace: StepRun) -> str | None:
        """A file that nobody touched since the run is not read at all."""
        path = located(dependency.name)
        try:
            found = [Path(part).stat() for part in (path, log_beside(path)) if part is not None]
        except OSError:
            return None
        ended = trace.started + trace.seconds
        if len(found) == 1 and max(found[0].st_mtime, found[0].st_ctime) < ended:
            return dependency.digest
        mark = tuple(n for f in found for n in (f.st_mtime_ns, f.st_ctime_ns, f.st_size, f.st_ino))
        known = self._known.get(dependency.name)
        if known is None or known[0] != mark:
            known = self._known[dependency.name] = (mark, file_digest(dependency.name))
        return known[1]


class Present:
    """What is there now, each fact taken once however many steps stand on it."""

    def __init__(
        self,
        scope: Scope,
        files: FileFacts,
        asleep: Mapping[str, str],
        traces: Iterable[StepRun] = (),
    ) -> None:
        """A moment begins.

        Args:
            scope: What steps see now.
            files: Remembered from one moment to the next.
            asleep: Names of definitions that come back when they are mentioned, each with the
                hash of its code as `definition_hashes` gives it.
            traces: Executions that will be asked about; what they used is looked up in one walk.
        """
        used = StepSignature(frozenset(name for trace in traces for name in _named_code(trace)))
        closure = close_over(used, scope.variables.namespace, scope.modules)
        self._bare = self._around(closure, scope)
        self._files = files
        self.asleep = asleep
        self._known: dict[tuple[DependencyKind, str], str | None] = {}
        self._closed: dict[str, Surroundings] = {}
        self._then: dict[str, Mapping[str, str]] = {}

    @property
    def surroundings(self) -> Surroundings:
        """What any step can see, without what only some step's own code leads to."""
        return self._bare

    def digest(self, dependency: Dependency, trace: StepRun) -> str | None:
        """The present digest of what an execution stood on; None when it is gone."""
        kind, name = dependency.kind, dependency.name
        if kind is DependencyKind.FILE:
            return self._files.digest(dependency, trace)
        if kind is DependencyKind.PACKAGE and name not in sys.modules:
            return dependency.digest  # asking now would fix the answer before it is imported
        if kind in _NAMED and self._is_asleep(name):
            return self._digest_asleep(dependency, trace)
        if (kind, name) not in self._known:
            self._known[kind, name] = self._bare.digest_now(dependency)
        digest = self._known[kind, name]
        if digest != dependency.digest and kind in _CODE:
            return self._closure_of(trace).digest_now(dependency)
        return digest

    def has(self, name: str) -> bool:
        """Whether anything is bound to a name, in memory or about to be loaded."""
        variables = self._bare.scope.variables
        return name in variables.namespace or name in variables.pending

    def version(self, name: str) -> ArtifactVersion | None:
        """What a variable held when it was last looked at."""
        return self._bare.scope.variables.version_of(name)

    def value_digest(self, name: str) -> str | None:
        """Of a variable's value, also where no version was made of it; None for no variable."""
        key = (DependencyKind.INPUT, name)
        if key not in self._known:
            self._known[key] = self._bare.digest_value(name)
        return self._known[key]

    def _is_asleep(self, name: str) -> bool:
        root = name.partition(".")[0]
        return root in self.asleep and not self.has(root)

    def _digest_asleep(self, dependency: Dependency, trace: StepRun) -> str | None:
        root = dependency.name.partition(".")[0]
        if trace.definitions not in self._then:
            self._then[trace.definitions] = definition_hashes(trace.definitions)
        then = self._then[trace.definitions].get(root, self.asleep[root])
        return dependency.digest if then == self.asleep[root] else None

    def _closure_of(self, trace: StepRun) -> Surroundings:
        """What the step's own code leads to, values included; the exact, slower answer."""
        if trace.id not in self._closed:
            scope = self._bare.scope
            signature = analyze(python_source(trace.source))
            closure = close_over(signature, scope.variables.namespace, scope.modules)
            self._closed[trace.id] = self._around(closure, scope)
        return self._closed[trace.id]

    @staticmethod
    def _around(closure: Closure, scope: Scope) -> Surroundings:
        return Surroundings(closure, {}, frozenset(), scope, StepOptions(), Aliases(tuple))


def _named_code(trace: StepRun) -> Iterator[str]:
    for dependency in trace.dependencies:
        if dependency.kind in (DependencyKind.DEFINITION, DependencyKind.IMPORT):
            yield dependency.name.partition(".")[0]
