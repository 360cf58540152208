"""SciPy's sparse matrices and arrays, in the exact codec."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, ClassVar

from jupyter_mlpipe.materializers.exact import ExactMaterializer, class_name
from jupyter_mlpipe.materializers.previews import cut
from jupyter_mlpipe.model.artifact import Preview

_SHOWN = 20


class SparseMaterializer(ExactMaterializer):
    """Of every format; what a matrix found out about itself, such as its order, is kept."""

    name: ClassVar[str] = "scipy-sparse"

    def accepts(self, value: Any) -> bool:
        """Matrices and arrays alike."""
        scipy = sys.modules.get("scipy.sparse")
        kinds = (getattr(scipy, "sparray", None), getattr(scipy, "spmatrix", None))
        return scipy is not None and any(kind in type(value).__mro__ for kind in kinds if kind)

    def summary(self, value: Any) -> Mapping[str, object]:
        """Shape, dtype, format, and how many elements are stored."""
        return {
            "shape": list(value.shape),
            "dtype": str(value.dtype),
            "format": value.format,
            "stored": int(value.nnz),
            "class": class_name(value),
        }

    def preview(self, value: Any) -> Preview | None:
        """The first elements that are stored."""
        head = f"{value.dtype} {value.shape}, {value.nnz} stored elements as {value.format}"
        if value.format not in {"csr", "csc", "coo"}:  # others take long to look through
            return Preview("text", text=head)
        first = value.data[:_SHOWN].tolist()
        return Preview("text", text=cut(f"{head}\n{first}", 4000))
