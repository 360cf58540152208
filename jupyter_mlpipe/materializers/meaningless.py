"""Objects that pickle would take, but that come back as something else."""

from __future__ import annotations

import builtins
import io
import pickle
import sys
import types
import weakref
from typing import Any

from jupyter_mlpipe.materializers.memory import writes_to_file
from jupyter_mlpipe.materializers.naming import belongs_to_notebook, is_of_own_namespace


def refuse_meaningless(obj: Any) -> None:
    """Stop at objects that could be pickled but would come back as something else.

    Raises:
        pickle.PicklingError: cloudpickle would store the text of an open file, or the bytes
            that a memoryview shows, and a weak proxy would come back as what it stands for;
            an IPython shell is the session itself, and what is written to the map of a file is
            written there. Of a namespace that `exec` was given, the functions in it would no
            longer see what is written to it, nor those of a module that is not imported. What a
            class does at the end of its objects it would do for each copy.
    """
    if obj is builtins.__build_class__:  # only a dict of all builtins holds it
        raise pickle.PicklingError("cannot pickle a namespace that exec or eval was given")
    if type(obj) is types.ModuleType and sys.modules.get(obj.__name__) is not obj:
        raise pickle.PicklingError(f"cannot pickle module '{obj.__name__}', which no import finds")
    if ends_with_code(type(obj)):
        name = type(obj).__name__
        raise pickle.PicklingError(f"cannot pickle '{name}' object, whose class has a __del__")
    if isinstance(obj, _foreign_data()):
        raise pickle.PicklingError(f"cannot pickle '{type(obj).__name__}' object of ctypes")
    if type(obj) is types.FunctionType and is_of_own_namespace(obj):
        raise pickle.PicklingError(
            f"cannot pickle function '{obj.__name__}' of a namespace that exec was given"
        )
    shell = sys.modules.get("IPython.core.interactiveshell")
    is_shell = shell is not None and isinstance(obj, shell.InteractiveShell)
    is_proxy = any(type(obj) is kind for kind in weakref.ProxyTypes)
    is_stream = isinstance(obj, io.TextIOWrapper | memoryview)
    if is_shell or is_proxy or is_stream or writes_to_file(obj):
        raise pickle.PicklingError(f"cannot pickle '{type(obj).__name__}' object")


def ends_with_code(kind: type) -> bool:
    """Whether the notebook says what happens at an object's end, which a copy has one more of."""
    own = (vars(base).get("__del__") for base in kind.__mro__ if belongs_to_notebook(base))
    return belongs_to_notebook(kind) and any(isinstance(one, types.FunctionType) for one in own)


def _foreign_data() -> tuple[type, ...]:
    """What ctypes lays out in memory; classes of arrays are made on the way, and found nowhere."""
    ctypes = sys.modules.get("_ctypes")
    return (ctypes._SimpleCData.__base__,) if ctypes is not None else ()  # noqa: SLF001
