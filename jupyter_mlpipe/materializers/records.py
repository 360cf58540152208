"""Records that name their fields, Pydantic models and dataclasses, in the exact codec."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from typing import Any, ClassVar

from jupyter_mlpipe.materializers.exact import ExactMaterializer, class_name
from jupyter_mlpipe.materializers.previews import COLUMNS, json_preview, short, text_preview
from jupyter_mlpipe.model.artifact import Preview


class RecordMaterializer(ExactMaterializer):
    """Instances; their class must be found where they are loaded, by its name."""

    name: ClassVar[str] = "record"

    def accepts(self, value: Any) -> bool:
        """Classes themselves are left to others."""
        if isinstance(value, type):
            return False
        return dataclasses.is_dataclass(value) or _is_pydantic(value)

    def summary(self, value: Any) -> Mapping[str, object]:
        """The class, and the names of its fields."""
        return {"class": class_name(value), "fields": _fields(value)[:COLUMNS]}

    def preview(self, value: Any) -> Preview | None:
        """Field by field; what a model hides, such as a secret, stays hidden."""
        if _is_pydantic(value):
            try:
                return json_preview(value.model_dump(mode="json"))
            except Exception:  # noqa: BLE001  # models may hold what has no JSON
                return text_preview(value)
        shown = [field for field in dataclasses.fields(value) if field.repr][:COLUMNS]
        return json_preview({f.name: short(getattr(value, f.name, None)) for f in shown})


def _is_pydantic(value: Any) -> bool:
    kind = getattr(sys.modules.get("pydantic.main"), "BaseModel", None)
    return kind is not None and isinstance(value, kind)


def _fields(value: Any) -> list[str]:
    if _is_pydantic(value):
        return [*type(value).model_fields, *(value.model_extra or ())]
    return [field.name for field in dataclasses.fields(value)]
