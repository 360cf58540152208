"""Datasets and tokenizers of Hugging Face, in the exact codec."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, ClassVar

from jupyter_mlpipe.materializers.arrow_tables import table_preview
from jupyter_mlpipe.materializers.exact import ExactMaterializer, class_name
from jupyter_mlpipe.materializers.previews import COLUMNS, ROWS, cut
from jupyter_mlpipe.model.artifact import ArtifactType, Preview


class DatasetMaterializer(ExactMaterializer):
    """Datasets and dicts of them, with all rows: those in files elsewhere are brought along."""

    name: ClassVar[str] = "hf-dataset"

    def accepts(self, value: Any) -> bool:
        """Streams are left to pickle, being code."""
        return bool(_splits(value))

    def summary(self, value: Any) -> Mapping[str, object]:
        """Rows by split, and the features of the first."""
        splits = _splits(value)
        features = list(next(iter(splits.values())).features.items())[:COLUMNS]
        return {
            "class": class_name(value),
            "rows": {name: split.num_rows for name, split in splits.items()},
            "features": {name: cut(repr(kind), 200) for name, kind in features},
        }

    def preview(self, value: Any) -> Preview | None:
        """The first rows of the first split, undecoded."""
        split = next(iter(_splits(value).values()))
        return table_preview(split.with_format("arrow")[:ROWS], split.num_rows)


class TokenizerMaterializer(ExactMaterializer):
    """Of the packages tokenizers and transformers."""

    name: ClassVar[str] = "tokenizer"
    artifact_type: ClassVar[ArtifactType] = ArtifactType.MODEL

    def accepts(self, value: Any) -> bool:
        """With all that was added to the vocabulary."""
        own = getattr(sys.modules.get("tokenizers"), "Tokenizer", None)
        return (own is not None and type(value) is own) or _of_transformers(value)

    def summary(self, value: Any) -> Mapping[str, object]:
        """The class, the size of the vocabulary, and special tokens."""
        if not _of_transformers(value):
            return {"class": class_name(value), "vocabulary": value.get_vocab_size()}
        special = {str(name): str(token) for name, token in value.special_tokens_map.items()}
        return {"class": class_name(value), "vocabulary": len(value), "special": special}


def _splits(value: Any) -> Mapping[str, Any]:
    datasets = sys.modules.get("datasets")
    dataset, splits = getattr(datasets, "Dataset", None), getattr(datasets, "DatasetDict", None)
    if dataset is None or splits is None:
        return {}
    if isinstance(value, dataset):
        return {str(value.split or "all"): value}
    return value if isinstance(value, splits) else {}


def _of_transformers(value: Any) -> bool:
    kind = getattr(
        sys.modules.get("transformers.tokenization_utils_base"), "PreTrainedTokenizerBase", None
    )
    return kind is not None and isinstance(value, kind)
