"""Materializers of the user's own."""

import gc
import sys
import warnings
from types import ModuleType

import pytest

from jupyter_mlpipe.materializers.custom import CustomMaterializer
from jupyter_mlpipe.materializers.registry import MaterializerRegistry, default_registry
from jupyter_mlpipe.model.artifact import ArtifactType
from jupyter_mlpipe.model.errors import ValueNotLoadableError

CELL = """
import os
from pathlib import Path
from jupyter_mlpipe import ArtifactType, BaseMaterializer, VisualizationType

class Point:
    def __init__(self, x):
        self.x = x

class PointMaterializer(BaseMaterializer):
    ASSOCIATED_TYPES = (Point,)
    ASSOCIATED_ARTIFACT_TYPE = ArtifactType.MODEL

    def save(self, data):
        folder = Path(self.uri) / "deep er"
        folder.mkdir()
        (folder / "x.txt").write_text(str(data.x))

    def load(self, data_type):
        return data_type(int((Path(self.uri) / "deep er" / "x.txt").read_text()))

    def extract_metadata(self, data):
        return {"x": data.x, "where": Path("a")}

    def save_visualizations(self, data):
        path = os.path.join(self.uri, "x.md")
        Path(path).write_text(f"# {data.x}")
        return {path: VisualizationType.MARKDOWN}
"""


@pytest.fixture
def main(monkeypatch):
    """A notebook's namespace."""
    module = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)
    exec(CELL, module.__dict__)
    yield module.__dict__
    module.__dict__.clear()
    with warnings.catch_warnings():  # about what other tests have left
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()  # classes live on in cycles


def test_a_class_of_a_cell_stores_values_of_its_types(main, tmp_path):
    chosen = default_registry().for_value(main["Point"](3))
    assert (chosen.name, chosen.artifact_type) == ("custom", ArtifactType.MODEL)
    chosen.save(main["Point"](3), tmp_path)
    assert all(path.is_file() for path in tmp_path.iterdir())
    assert (tmp_path / "content-deep%20er%2Fx.txt").read_text() == "3"
    loaded = default_registry().named("custom").load(tmp_path)
    assert (type(loaded), loaded.x) == (main["Point"], 3)


def test_it_tells_about_values_and_shows_them(main):
    chosen = default_registry().for_value(main["Point"](3))
    told = {"x": 3, "where": "a", "materializer": "PointMaterializer"}
    assert chosen.summary(main["Point"](3)) == told
    assert chosen.preview(main["Point"](3)).text == "# 3"


def test_values_load_where_no_cell_defines_the_materializer(main, tmp_path):
    CustomMaterializer(main["PointMaterializer"]).save(main["Point"](3), tmp_path)
    del main["PointMaterializer"]
    assert CustomMaterializer().load(tmp_path).x == 3


def test_a_class_that_is_missing_is_asked_for_by_name(main, tmp_path):
    CustomMaterializer(main["PointMaterializer"]).save(main["Point"](3), tmp_path)
    del main["Point"]
    with pytest.raises(ValueNotLoadableError, match="`Point`") as refused:
        CustomMaterializer().load(tmp_path)
    assert refused.value.definition == "Point"


def test_the_class_that_was_defined_last_counts(main, tmp_path):
    CustomMaterializer(main["PointMaterializer"]).save(main["Point"](3), tmp_path)
    exec(CELL.replace("ArtifactType.MODEL", "ArtifactType.SERVICE"), main)
    CustomMaterializer().load(tmp_path)
    assert default_registry().for_value(main["Point"](3)).artifact_type == "SERVICE"
    assert default_registry().named("PointMaterializer").artifact_type == "SERVICE"


def test_a_class_without_types_is_only_used_by_name(main):
    exec("class Plainly(BaseMaterializer): pass", main)
    assert default_registry().for_value([1]).name == "plain"
    assert default_registry().named("Plainly").name == "custom"


def test_a_package_brings_one_by_its_entry_point(main, monkeypatch):
    class Entry:
        value = "package:PointMaterializer"

        def load(self):
            return main["PointMaterializer"]

    from jupyter_mlpipe.materializers import registry

    monkeypatch.setattr(registry, "entry_points", lambda group: [Entry()])
    known = MaterializerRegistry((CustomMaterializer(),), plugins="x")
    assert known.for_value(main["Point"](1)).name == "custom"
