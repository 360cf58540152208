"""Functions of the notebook, for storage: bound to the namespace that they are loaded into."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any

from jupyter_mlpipe.materializers import rebuild
from jupyter_mlpipe.materializers.builtin_types import is_atom
from jupyter_mlpipe.materializers.dispatchers import registered
from jupyter_mlpipe.materializers.naming import found_by_name
from jupyter_mlpipe.materializers.type_names import type_parameters

_FUNCTION_ATTRIBUTES = (
    "__name__",
    "__qualname__",
    "__module__",
    "__doc__",
    "__defaults__",
    "__kwdefaults__",
    "__annotations__",
)


def reduced_function(function: types.FunctionType) -> Any:
    """How a function of the notebook is taken apart, with its defaults and what it captured."""
    attributes: Mapping[str, Any] = {
        **{name: getattr(function, name) for name in _FUNCTION_ATTRIBUTES},
        **({"__type_params__": own} if (own := type_parameters(function)) else {}),
        **vars(function),
    }
    if _is_plain(function):
        return rebuild.named_function, (function.__code__, attributes)
    arguments = (function.__code__, function.__closure__)
    return rebuild.function, arguments, attributes, None, None, rebuild.set_function


def _is_plain(function: types.FunctionType) -> bool:
    """Whether the notebook has it under its name, and nothing of it can change but its code."""
    held = (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
    changing = function.__closure__ or vars(function) or type_parameters(function)
    return found_by_name(function) and not changing and all(is_atom(type(one)) for one in held)


def reduced_dispatcher(function: types.FunctionType) -> Any:
    """The same for one that chooses by the class of its first argument."""
    (_, default), *others = registered(function)
    return rebuild.dispatcher, (default,), others, None, None, rebuild.set_dispatcher
