"""Trained models of XGBoost and LightGBM, in the exact codec."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, ClassVar

from jupyter_mlpipe.materializers.exact import ExactMaterializer, class_name
from jupyter_mlpipe.materializers.previews import json_preview
from jupyter_mlpipe.model.artifact import ArtifactType, Preview

_FEATURES = 100


class BoosterMaterializer(ExactMaterializer):
    """Boosters themselves; the classes with scikit-learn's interface are estimators."""

    name: ClassVar[str] = "booster"
    artifact_type: ClassVar[ArtifactType] = ArtifactType.MODEL

    def accepts(self, value: Any) -> bool:
        """Instances of either library's Booster."""
        return _is_of("xgboost", value) or _is_of("lightgbm", value)

    def summary(self, value: Any) -> Mapping[str, object]:
        """Class, parameters as text, rounds, and the first features."""
        described = _of_xgboost(value) if _is_of("xgboost", value) else _of_lightgbm(value)
        return {"class": class_name(value), **described}

    def preview(self, value: Any) -> Preview | None:
        """The same."""
        return json_preview(self.summary(value))


def _is_of(library: str, value: Any) -> bool:
    kind = getattr(sys.modules.get(library), "Booster", None)
    return kind is not None and isinstance(value, kind)


def _of_xgboost(value: Any) -> Mapping[str, object]:
    learner = json.loads(value.save_config()).get("learner", {})
    return {
        "objective": str(learner.get("objective", {}).get("name", "")),
        "rounds": value.num_boosted_rounds(),
        "features": list(value.feature_names or ())[:_FEATURES],
        "feature_count": value.num_features(),
        "params": {str(name): str(text) for name, text in value.attributes().items()},
    }


def _of_lightgbm(value: Any) -> Mapping[str, object]:
    return {
        "objective": str(value.params.get("objective", "")),
        "rounds": value.current_iteration(),
        "features": list(value.feature_name())[:_FEATURES],
        "feature_count": value.num_feature(),
        "params": {str(name): str(text) for name, text in value.params.items()},
    }
