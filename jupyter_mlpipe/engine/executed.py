"""What ran during a step, sorted by where it can be found again."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from jupyter_mlpipe.analysis.generated import is_generated
from jupyter_mlpipe.analysis.origins import is_local_file, is_ours
from jupyter_mlpipe.engine.file_facts import file_digest
from jupyter_mlpipe.engine.patches import is_local
from jupyter_mlpipe.engine.trace import Executed, is_cell
from jupyter_mlpipe.model.run import OPAQUE


def uncovered(
    executed: Executed, reached: Iterable[CodeType], namespace: Mapping[str, Any]
) -> tuple[CodeType, ...]:
    """Code of the notebook that ran and is neither the step's own nor that of a reached function.

    What a function, or a text that was made up, defines counts with it where that itself ran.
    Else an earlier call defined it, and what it holds of that call is not known.
    """
    own = executed.own()
    left = {
        key: code
        for key, (code, names) in executed.started.items()
        if (names is namespace or names.get("__name__") == "__main__")
        and code.co_filename not in own
        and not is_generated(code)
    }
    texts = [code for code, names in executed.started.values() if is_cell(code, names)]
    waiting = [left.pop(id(code)) for code in (*texts, *reached) if id(code) in left]
    while waiting:
        inner = waiting.pop().co_consts
        waiting += [left.pop(id(code)) for code in inner if id(code) in left]
    return tuple(left.values())


def names_of(
    codes: Iterable[CodeType], namespace: Mapping[str, Any], known: Iterable[str]
) -> frozenset[str]:
    """Functions and classes of the notebook in which the codes may stand, beside those known."""
    roots = {code.co_qualname.partition(".")[0] for code in codes}
    return frozenset(name for name in roots.difference(known) if _defines(namespace.get(name)))


def local_modules(executed: Executed) -> frozenset[str]:
    """Loaded modules of the user's whose code ran, or from which a pickle took something."""
    found = {names["__name__"] for names in _all_globals(executed) if _is_module(names)}
    return frozenset(found) | {name for name in executed.modules if is_local(name)}


def local_files(executed: Executed) -> Mapping[str, str]:
    """Files of the user's that ran without being modules, each with its digest.

    The digest is opaque where the file was edited since.
    """
    found: dict[str, list[CodeType]] = {}
    for code, names in executed.started.values():
        path = code.co_filename
        beside = _is_beside_modules(names) or is_cell(code, names)
        if beside and _is_file_of_user(path):
            found.setdefault(path, []).append(code)
    return {
        path: (file_digest(path) if _stands_in(codes, path) else None) or OPAQUE
        for path, codes in sorted(found.items())
    }


def _defines(value: Any) -> bool:
    kind = type(value)
    return issubclass(kind, FunctionType | type | type(functools.cache(len)))


def _all_globals(executed: Executed) -> Iterable[Mapping[str, Any]]:
    return {id(names): names for _, names in executed.started.values()}.values()


def _is_module(names: Mapping[str, Any]) -> bool:
    name = names.get("__name__")
    if not isinstance(name, str):
        return False
    module = sys.modules.get(name)
    return module is not None and getattr(module, "__dict__", None) is names and is_local(name)


def _is_beside_modules(names: Mapping[str, Any]) -> bool:
    name = str(names.get("__name__"))
    loaded = getattr(sys.modules.get(name), "__dict__", None)
    return name != "__main__" and loaded is not names and not is_ours(name)


def _is_file_of_user(path: str) -> bool:
    return os.path.isabs(path) and is_local_file(path) and os.path.isfile(path)  # noqa: PTH113, PTH117


def _stands_in(codes: Iterable[CodeType], path: str) -> bool:
    """Whether what ran is what the file holds now."""
    try:
        waiting = [compile(Path(path).read_bytes(), path, "exec", dont_inherit=True)]
    except (OSError, SyntaxError, ValueError):
        return False
    there = set(waiting)
    while waiting:
        inner = [c for c in waiting.pop().co_consts if isinstance(c, CodeType)]
        there.update(inner)
        waiting += inner
    return there.issuperset(codes)
