"""The states of the global random generators, which every call to them reads and changes."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pickle
import random
import sys
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType
from typing import Any

from jupyter_mlpipe.analysis.parsing import nodes_of_cell, parse
from jupyter_mlpipe.model.digest import digest_of

GENERATORS = frozenset({"random", "numpy.random", "torch"})


def capture_states() -> Mapping[str, Any]:
    """The state of each generator whose library is loaded, to be compared; see `state_bytes`."""
    states: dict[str, Any] = {"random": random.getstate()}
    numpy = sys.modules.get("numpy.random")
    if numpy is not None:
        states["numpy.random"] = pickle.dumps(numpy.get_state())
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "get_rng_state"):
        states["torch"] = torch.get_rng_state().numpy().tobytes()
    return states


def state_bytes(state: Any) -> bytes:
    """A state that was captured, ready to be stored."""
    return state if isinstance(state, bytes) else pickle.dumps(state)


def load_generators(source: str) -> None:
    """Load numpy's generator before code that may load it, so that its use can be told.

    A generator that first appears while a step runs has no state from before to compare with.
    """
    foreign = {
        name.partition(".")[0]
        for statement in nodes_of_cell(parse(source))
        if isinstance(statement, ast.Import | ast.ImportFrom)
        for name in _imported(statement)
    }
    if foreign - sys.stdlib_module_names and importlib.util.find_spec("numpy") is not None:
        importlib.import_module("numpy.random")


def _imported(statement: ast.Import | ast.ImportFrom) -> tuple[str, ...]:
    if isinstance(statement, ast.ImportFrom):
        return (statement.module or "",)
    return tuple(alias.name for alias in statement.names)


def restore_state(generator: str, state: bytes) -> None:
    """Put one generator into an earlier state; its library is imported when it must be."""
    if generator == "random":
        random.setstate(pickle.loads(state))
    elif generator == "numpy.random":
        import numpy as np

        np.random.set_state(pickle.loads(state))
    elif generator == "torch":
        import numpy as np
        import torch

        torch.set_rng_state(torch.from_numpy(np.frombuffer(state, dtype=np.uint8).copy()))


def state_digest(generator: str, states: Mapping[str, Any]) -> str:
    """What a lookup compares; empty when the generator's library is not loaded."""
    state = states.get(generator)
    return digest_of("random", state_bytes(state)) if state is not None else ""


_LOOKS = {
    **dict.fromkeys(("getstate", "_inst"), "random"),
    **dict.fromkeys(("get_state", "_rand", "get_bit_generator"), "numpy.random"),
    **dict.fromkeys(("get_rng_state", "initial_seed", "default_generator"), "torch"),
}
"""By which words code gets at the state of a generator without a draw."""


def looked_at(source: str, codes: Iterable[CodeType]) -> frozenset[str]:
    """Generators of which a step, or a function that it calls, may see how they stand."""
    nodes = nodes_of_cell(parse(source))
    words = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    words |= {node.id for node in nodes if isinstance(node, ast.Name)}
    for code in codes:
        words.update(_names_in(code))
    return frozenset(_LOOKS[word] for word in words & _LOOKS.keys())


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from _names_in(part)


def seeded_first(source: str) -> frozenset[str]:
    """Generators that the code seeds before anything in it could have drawn from them."""
    seeded: set[str] = set()
    for statement in parse(source).body:
        generator = _seeds(statement)
        if generator:
            seeded.add(generator)
        elif not _draws_nothing(statement):
            break
    return frozenset(seeded)


_SEEDS = {
    "random.seed": "random",
    "np.random.seed": "numpy.random",
    "numpy.random.seed": "numpy.random",
    "torch.manual_seed": "torch",
}


def _seeds(statement: ast.stmt) -> str | None:
    if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)):
        return None
    call = statement.value
    known = len(call.args) == 1 and not call.keywords and _is_fixed(call.args[0])
    if not known or (isinstance(call.args[0], ast.Constant) and call.args[0].value is None):
        return None
    return _SEEDS.get(ast.unparse(call.func))


def _is_fixed(seed: ast.expr) -> bool:
    """Whether a seed is the same again: a variable counts as read, and Python draws nothing."""
    if isinstance(seed, ast.Name):
        return True
    names = {node.id for node in ast.walk(seed) if isinstance(node, ast.Name)}
    kinds = (ast.Constant, ast.Name, ast.Call, ast.BinOp, ast.operator, ast.Load)
    return names <= _PURE and all(isinstance(node, kinds) for node in ast.walk(seed))


_PURE = frozenset({"abs", "int", "len", "map", "max", "min", "ord", "sum"})
_SETTERS = frozenset(
    {
        *("plt.rc", "mpl.rc", "matplotlib.rc", "plt.style.use", "mpl.style.use"),
        *("plt.rcParams.update", "mpl.rcParams.update", "matplotlib.rcParams.update"),
        *("sns.set", "sns.set_theme", "sns.set_style", "sns.set_context", "sns.set_palette"),
        *("np.set_printoptions", "pd.set_option", "np.seterr"),
        *("warnings.filterwarnings", "warnings.simplefilter"),
    }
)
"""What notebooks begin with; none of it draws a number."""
_MAGICS = frozenset({"config", "matplotlib", "precision"})


def _draws_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef):
        return True
    if not isinstance(statement, ast.Assign | ast.Expr):
        return False
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return _sets(statement.value)
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    plain = all(isinstance(t, ast.Name) or _is_setting(t) for t in targets)
    return plain and _is_literal(statement.value)


def _sets(call: ast.Call) -> bool:
    """Whether a call only changes how things are shown."""
    name, arguments = ast.unparse(call.func), [*call.args, *(k.value for k in call.keywords)]
    if name == "get_ipython().run_line_magic":
        return ast.literal_eval(call.args[0]) in _MAGICS if _is_literal(call.args[0]) else False
    return name in _SETTERS and all(map(_is_literal, arguments))


def _is_setting(target: ast.expr) -> bool:
    settings = isinstance(target, ast.Subscript) and ast.unparse(target.value)
    return bool(settings) and str(settings).endswith(".rcParams")


def _is_literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except ValueError:
        return False
    return True
