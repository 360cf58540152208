"""Local modules: which ones code reaches, and what is really loaded of them."""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.machinery
import importlib.util
import marshal
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from jupyter_mlpipe.analysis.origins import is_local_file, is_ours, package_version
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.model.digest import digest_of


@dataclass(slots=True)
class ReachedModules:
    """What a set of imports leads to."""

    modules: dict[str, str] = field(default_factory=dict)
    """Dotted name of each local module to the digest of its file."""
    packages: dict[str, str] = field(default_factory=dict)
    """Top-level import name of each installed package to its version."""


class ModuleFiles:
    """Digests of local modules, as they were when they were loaded.

    One lives as long as the process. A file that is edited keeps its digest until the module is
    loaded anew, for until then the old code runs. `observe` should be called soon after each
    cell: a file edited between its import and the first look at it would pass for what is loaded.
    """

    def __init__(self) -> None:
        self._loaded: dict[str, tuple[object, str]] = {}
        self._observed: set[str] = set()
        self._listed: list[str] = []
        """All that were loaded when each of them had been observed."""
        self._local: set[str] = set()

    def observe(self) -> None:
        """Take the digest of each local module that was loaded since the last call."""
        listed = list(sys.modules)
        if listed != self._listed:
            self._sort_out(list(sys.modules.items()))
            self._listed = listed if self._observed.issuperset(listed) else []
        for name in self._local & sys.modules.keys():
            self._digest(name)

    def _sort_out(self, loaded: Iterable[tuple[str, ModuleType]]) -> None:
        for name, module in loaded:
            if name not in self._observed and module is not None:
                self._observed.add(name)
                if is_local_file(_file(module)) and not is_ours(name):
                    self._local.add(name)

    def reach(self, names: Iterable[str]) -> ReachedModules:
        """Local modules and packages that these modules lead to through their imports.

        The imports of a local module are read from its text, those inside functions included.
        """
        reached = ReachedModules()
        # Classes that were built at run time may tell anything as their module.
        stated = [name for name in names if isinstance(name, str)]
        waiting = [name for given in stated for name in (given, *_loaded_below(given))]
        seen: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name in seen or name == "__main__" or is_ours(name):
                continue
            seen.add(name)
            parent = name.rpartition(".")[0]
            waiting += [parent] if parent else []
            file = module_file(name)
            if is_local_file(file):
                reached.modules[name] = self._digest(name)
                waiting += imported_names(Path(str(file)), name)
            elif file and (version := _version(name)) is not None:
                reached.packages[name.partition(".")[0]] = version
        return reached

    def _digest(self, name: str) -> str:
        module = sys.modules.get(name)
        spec = getattr(module, "__dict__", {}).get("__spec__")
        if module is None or spec is None:
            return file_digest(Path(str(module_file(name))))
        known = self._loaded.get(name)
        if known is None or known[0] is not spec:
            known = (spec, _digest_when_loaded(module))
            self._loaded[name] = known
        return known[1]


def module_file(name: str, search: Sequence[str] | None = None) -> str | None:
    """The file of a module, loaded or not; nothing is imported to find out."""
    loaded = sys.modules.get(name)
    if loaded is not None:
        return _file(loaded)
    parent, _, _ = name.rpartition(".")
    if parent:
        package = sys.modules.get(parent)
        search = getattr(package, "__path__", None) if package else _locations(parent, search)
        if not search:
            return None
    spec = importlib.machinery.PathFinder.find_spec(name, list(search) if search else None)
    return spec.origin if spec else None


def is_local_module(name: str) -> bool:
    """Whether a module, loaded or not, belongs to the user."""
    return is_local_file(module_file(name))


def imported_names(file: Path, name: str) -> tuple[str, ...]:
    """Absolute names of what a Python file imports, by statement or by a literal name.

    `from a import b` gives `a` and `a.b`.
    """
    if file.suffix != ".py":
        return ()
    try:
        tree = parse(file.read_text(encoding="utf-8-sig"))
    except (OSError, SyntaxError, ValueError):
        return ()
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    return tuple(found for node in ast.walk(tree) for found in _imports(node, package))


def file_digest(file: Path) -> str:
    """Of the bytes of a file; of its absence when it cannot be read."""
    try:
        return hashlib.blake2b(file.read_bytes(), digest_size=32).hexdigest()
    except OSError:
        return digest_of("unreadable module", "")


def _imports(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*parents, base] if base else parents)
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names if alias.name != "*")
    elif isinstance(node, ast.Call) and _called(node.func) in ("import_module", "__import__"):
        yield from _named_module(node.args, package)


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _named_module(arguments: list[ast.expr], package: str) -> Iterator[str]:
    match arguments[:1]:
        case [ast.Constant(value=str() as stated)]:
            with suppress(ImportError):  # relative, and above the top of its package
                name = importlib.util.resolve_name(stated, package)
                if all(part.isidentifier() for part in name.split(".")):
                    yield name


def _loaded_below(name: str) -> list[str]:
    """Submodules that are loaded: the notebook may reach them through the package's name."""
    module = sys.modules.get(name)
    if module is None or not hasattr(module, "__path__") or not _is_local_package(module):
        return []
    return [other for other in list(sys.modules) if other.startswith(f"{name}.")]


def _is_local_package(module: ModuleType) -> bool:
    return is_local_file(_file(module)) or any(
        is_local_file(f"{folder}/__init__.py") for folder in module.__path__
    )


def _file(module: ModuleType) -> str | None:
    file = getattr(module, "__dict__", {}).get("__file__")
    return file if isinstance(file, str) else None


def _locations(package: str, search: Sequence[str] | None) -> Sequence[str] | None:
    parent, _, _ = package.rpartition(".")
    if parent:
        search = _locations(parent, search)
        if search is None:
            return None
    spec = importlib.machinery.PathFinder.find_spec(package, search)
    return list(spec.submodule_search_locations or []) if spec else None


_PYC_HEADER = 16
"""Bytes before the code in a `.pyc` file."""


def _version(name: str) -> str | None:
    file = module_file(name)
    if not file or not is_installed(file):
        return None
    return package_version(name.partition(".")[0]) or digest_of("package file", file)


@functools.lru_cache(maxsize=8192)
def is_installed(file: str) -> bool:
    """Whether a file lies among installed packages."""
    return bool({"site-packages", "dist-packages"}.intersection(Path(file).parts))


def _digest_when_loaded(module: ModuleType) -> str:
    """Of the file, unless its compiled form shows that it was edited since it was loaded."""
    file = Path(str(_file(module)))
    cached = getattr(module.__dict__.get("__spec__"), "cached", None)
    try:
        loaded = Path(str(cached)).read_bytes()[_PYC_HEADER:]
        text = file.read_bytes()
    except OSError:
        return file_digest(file)
    return file_digest(file) if _compiles_to(text, loaded) else digest_of("compiled", loaded)


def _compiles_to(text: bytes, marshalled: bytes) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return bool(
                compile(text, "<module>", "exec", dont_inherit=True) == marshal.loads(marshalled)
            )
        except (SyntaxError, ValueError, EOFError, TypeError):
            return False
