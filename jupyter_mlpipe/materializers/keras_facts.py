"""Keras models: what counts as their content, and how they are taken apart.

Their own pickle holds the time of writing, and so is another one each second.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from jupyter_mlpipe.materializers import rebuild
from jupyter_mlpipe.materializers.facts import Token, fact


def is_keras_model(value: Any) -> bool:
    """Whether it is a model of any class; Keras is not imported to find out."""
    keras = sys.modules.get("keras")
    if keras is None:  # asked of each object that is pickled
        return False
    kind = getattr(keras, "Model", None)
    return kind is not None and isinstance(value, kind)


def keras_facts(obj: Any, _token: Token) -> tuple[Any, ...] | None:
    """How it is built and compiled, its weights, and how far its optimizer has come."""
    if not is_keras_model(obj):
        return None
    import keras

    built = keras.saving.serialize_keras_object(obj)
    config = json.dumps(built, sort_keys=True, default=str)
    return fact("keras", type(obj), config, _arrays(obj.variables), _progress(obj))


def reduced_keras_model(obj: Any) -> tuple[Any, ...] | None:
    """Keras' own format, and beside it the states of random layers, which that leaves out."""
    if not is_keras_model(obj):
        return None
    maker, (written,) = obj.__reduce__()
    return rebuild.keras_model, (maker, written.getvalue(), _arrays(obj.variables))


def _progress(model: Any) -> list[Any]:
    """Before its first step an optimizer holds what it begins with, or nothing yet."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not int(optimizer.iterations):
        return []
    return _arrays(optimizer.variables)


def _arrays(variables: Any) -> list[Any]:
    import keras

    return [keras.ops.convert_to_numpy(variable) for variable in variables]
