"""Figures of Plotly, in the exact codec."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, ClassVar

from jupyter_mlpipe.materializers.exact import ExactMaterializer
from jupyter_mlpipe.materializers.previews import CELL, ROWS, cut
from jupyter_mlpipe.model.artifact import ArtifactType, Column, Preview


class PlotlyMaterializer(ExactMaterializer):
    """Figures with their traces, layout and frames."""

    name: ClassVar[str] = "plotly"
    artifact_type: ClassVar[ArtifactType] = ArtifactType.DATA_ANALYSIS

    def accepts(self, value: Any) -> bool:
        """Instances of Figure."""
        kind = getattr(sys.modules.get("plotly.basedatatypes"), "BaseFigure", None)
        return kind is not None and isinstance(value, kind)

    def summary(self, value: Any) -> Mapping[str, object]:
        """The title, and what kinds of traces there are."""
        return {"title": _title(value), "traces": [trace.type for trace in value.data[:ROWS]]}

    def preview(self, value: Any) -> Preview | None:
        """Its traces: to draw it takes a browser that runs scripts."""
        columns = (Column("trace", "str"), Column("type", "str"), Column("points", "int"))
        rows = tuple(
            (cut(str(trace.name or number), CELL), trace.type, str(_points(trace)))
            for number, trace in enumerate(value.data[:ROWS])
        )
        return Preview("table", columns=columns, rows=rows, total_rows=len(value.data))


def _title(figure: Any) -> str:
    return cut(str(figure.layout.title.text or ""), CELL)


def _points(trace: Any) -> int:
    sized = (trace[name] for name in ("x", "y", "z", "values", "lat", "r") if name in trace)
    return max((len(one) for one in sized if hasattr(one, "__len__")), default=0)
