"""The tables below Hugging Face datasets: stored and compared by what they hold.

By themselves they are pickled as the path of a file, which nobody finds elsewhere or later.
"""

from __future__ import annotations

import sys
from typing import Any

from jupyter_mlpipe.materializers.facts import Token, fact

_HISTORY = "_fingerprint"
"""How a dataset was made; drawn at random where that cannot be told."""


def reduced_table(obj: Any) -> tuple[Any, ...] | None:
    """How to make such a table again in memory, which the codec maps; None for anything else."""
    tables = sys.modules.get("datasets.table")
    if tables is None:  # asked of each object that is pickled
        return None
    kinds = (getattr(tables, "MemoryMappedTable", None), getattr(tables, "InMemoryTable", None))
    return (kinds[1], (obj.table,)) if type(obj) in kinds else None


def dataset_facts(obj: Any, _token: Token) -> tuple[Any, ...] | None:
    """Datasets and their tables, wherever these lie."""
    tables = getattr(sys.modules.get("datasets.table"), "Table", None)
    dataset = getattr(sys.modules.get("datasets.arrow_dataset"), "Dataset", None)
    if tables is not None and isinstance(obj, tables):
        return fact("dataset table", obj.column_names, obj.columns)
    if dataset is None or not isinstance(obj, dataset):
        return None
    state = sorted((name, part) for name, part in vars(obj).items() if name != _HISTORY)
    return fact("dataset", type(obj), state)
