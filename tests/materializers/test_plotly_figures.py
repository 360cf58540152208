import numpy as np
import pytest

from jupyter_mlpipe.materializers.fingerprint import content_digest
from jupyter_mlpipe.materializers.plotly_figures import PlotlyMaterializer
from jupyter_mlpipe.materializers.registry import default_registry
from jupyter_mlpipe.model.artifact import ArtifactType
from jupyter_mlpipe.testing.materializers import MaterializerContract

graphs = pytest.importorskip("plotly.graph_objects")


def figure(**layout):
    line = graphs.Scatter(x=[1, 2], y=np.array([3.0, np.nan]), name="é <b>")
    return graphs.Figure([line, graphs.Bar(x=["a"], y=[1])], layout=layout)


class TestPlotlyMaterializer(MaterializerContract):
    def materializer(self):
        return PlotlyMaterializer()

    def samples(self):
        grid = pytest.importorskip("plotly.subplots").make_subplots(rows=2)
        grid.add_trace(graphs.Scatter(y=[1]), row=2, col=1)
        return [graphs.Figure(), figure(), figure(title="é", template="plotly_dark"), grid]

    def change(self, value):
        value.update_layout(title="changed")


def test_what_is_set_counts_and_its_order_does_not():
    one = figure(title="x", width=30)
    other = figure(width=30)
    other.update_layout(title="x")
    assert content_digest(one) == content_digest(other)
    assert content_digest(one) != content_digest(figure(title="y", width=30))
    assert content_digest(figure()) != content_digest(figure().update_traces(y=[3, 4]))


def test_the_preview_lists_traces():
    chosen = default_registry().for_value(figure(title="é"))
    assert (chosen.name, chosen.artifact_type) == ("plotly", ArtifactType.DATA_ANALYSIS)
    assert chosen.summary(figure(title="é")) == {"title": "é", "traces": ["scatter", "bar"]}
    assert chosen.preview(figure()).rows == (("é <b>", "scatter", "2"), ("1", "bar", "1"))
