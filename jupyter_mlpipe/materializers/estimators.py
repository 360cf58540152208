"""scikit-learn estimators, fitted or not, in the exact codec."""  # it is written so

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, ClassVar

from jupyter_mlpipe.materializers.codec import dump, load
from jupyter_mlpipe.materializers.files import Files, MemoryMaterializer
from jupyter_mlpipe.materializers.previews import cut, text_preview
from jupyter_mlpipe.materializers.sharing import shared_memory
from jupyter_mlpipe.model.artifact import ArtifactType, Preview

_PARAMETERS = 100


class EstimatorMaterializer(MemoryMaterializer):
    """Whatever follows scikit-learn's interface, pipelines and the user's own included."""

    name: ClassVar[str] = "scikit-learn"
    artifact_type: ClassVar[ArtifactType] = ArtifactType.MODEL
    pickled: ClassVar[bool] = True

    def accepts(self, value: Any) -> bool:
        """Instances of BaseEstimator."""
        base = getattr(sys.modules.get("sklearn.base"), "BaseEstimator", None)
        return base is not None and isinstance(value, base)

    def write(self, value: Any, files: Files) -> None:
        """Fitted arrays of some size become files of their own."""
        dump(value, files, shared_memory(value))

    def read(self, files: Files) -> Any:
        """Another release of scikit-learn warns that results may differ."""
        return load(files)

    def summary(self, value: Any) -> Mapping[str, object]:
        """The class, and its parameters as text."""
        kind = type(value)
        return {"class": f"{kind.__module__}.{kind.__qualname__}", "params": _parameters(value)}

    def preview(self, value: Any) -> Preview | None:
        """As scikit-learn prints it; never its HTML."""
        return text_preview(value)


def _parameters(value: Any) -> dict[str, str]:
    try:
        parameters = sorted(value.get_params(deep=False).items())[:_PARAMETERS]
        return {str(name): cut(repr(parameter), 200) for name, parameter in parameters}
    except Exception:  # noqa: BLE001  # an estimator of the user's may break the convention
        return {}
