"""Which files of the project a notebook's imports reach."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from jupyter_mlpipe.model.errors import PipelineError

MAX_BYTES = 50 * 1024 * 1024
"""Of all local modules together, before compression."""

_OURS = frozenset({"jupyter_mlpipe", "mlpipe_kernel"})
_BY_NAME = re.compile(r"\b(import_module|__import__|run_module|exec|eval)\s*\(")
_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages"})


def local_modules(sources: Iterable[str], folders: Iterable[Path]) -> Mapping[str, bytes]:
    """Content of the local modules that the sources import, and those that these import.

    A module is local when it lies in one of `folders`, the first of which wins. Packages are
    taken whole, data files included, for what they open cannot be known. Where a source, or a
    module that is taken, imports by a name that its text does not state
    (`importlib.import_module(name)`), every module that lies in the first folder is taken.

    Returns:
        Path below the folder, with `/`, to content.

    Raises:
        PipelineError: They are too large to travel with every run.
    """
    places = tuple(dict.fromkeys(folder.resolve() for folder in folders))
    found: dict[str, bytes] = {}
    names = [name for source in sources for name in _mentioned(source, places[0])]
    seen = set(sys.builtin_module_names) | _OURS
    while names:
        name = names.pop()
        if name in seen:
            continue
        seen.add(name)
        files = _files_of(name, places)
        found.update(files)
        _refuse_large(found)
        for path, content in files.items():
            if path.endswith(".py"):
                names.extend(_mentioned(content.decode("utf-8", "replace"), places[0]))
    return found


def _mentioned(source: str, beside: Path) -> Iterator[str]:
    yield from _imported(source)
    if _BY_NAME.search(source):
        yield from (path.stem for path in beside.glob("*.py"))
        yield from (path.parent.name for path in beside.glob("*/__init__.py"))


def _imported(source: str) -> Iterator[str]:
    """Top-level names of the absolute imports; relative ones stay inside a package taken whole."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]


def _files_of(name: str, places: tuple[Path, ...]) -> Mapping[str, bytes]:
    for place in places:
        package, module = place / name, place / f"{name}.py"
        if (package / "__init__.py").is_file():
            return _package(package, place)
        if module.is_file():
            return {module.name: module.read_bytes(), **_named_beside(module)}
    for place in places:
        if any((place / name).glob("*.py")):
            return _package(place / name, place)
    return {}


def _named_beside(module: Path) -> Mapping[str, bytes]:
    """Files that a module's text names as they lie beside it, where it may look for them."""
    source = module.read_bytes()
    if b"__file__" not in source:
        return {}  # it looks from the working directory, which stays where it is
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return {}
    texts = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)}
    named = {t for t in texts if isinstance(t, str) and re.fullmatch(r"[\w./ -]{1,200}", t)}
    beside = ((text, module.parent / text) for text in sorted(named))
    return {
        text: path.read_bytes()
        for text, path in beside
        if path.is_file() and path.suffix != ".py" and ".." not in path.parts and text[0] != "/"
    }


def _package(package: Path, place: Path) -> Mapping[str, bytes]:
    files: dict[str, bytes] = {}
    total = 0
    for path in sorted(package.rglob("*")):
        below = path.relative_to(place)
        if path.is_file() and not any(_is_skipped(part) for part in below.parts):
            total += path.stat().st_size
            if total > MAX_BYTES:
                raise PipelineError(_too_large(f"the package {package.name}"))
            files[below.as_posix()] = path.read_bytes()
    return files


def _is_skipped(part: str) -> bool:
    return part in _SKIPPED or part.startswith(".") or part.endswith((".pyc", ".pyo"))


def _refuse_large(files: Mapping[str, bytes]) -> None:
    if sum(map(len, files.values())) > MAX_BYTES:
        largest = max(files, key=lambda path: len(files[path]))
        raise PipelineError(_too_large(f"the local modules, of which {largest} is the largest,"))


def _too_large(what: str) -> str:
    return (
        f"Together {what} take more than {MAX_BYTES // 2**20} MiB, too much to travel with the "
        "pipeline's code. Keep data out of the package, or install the package where steps run."
    )
