"""Values of many libraries, through the store and back."""

import numpy as np
import pytest

from jupyter_mlpipe.engine.values import ValueStore
from jupyter_mlpipe.materializers.buffers import BufferDigests
from jupyter_mlpipe.materializers.fingerprint import content_digest
from jupyter_mlpipe.materializers.registry import default_registry
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.folder import FolderBlobs

NUMBERS = np.arange(300_000.0)
"""More than a megabyte, so that it is stored in chunks."""


def installed(name):
    return pytest.importorskip(name)


FAMILIES = {
    "polars": lambda: installed("polars").DataFrame({"a": NUMBERS, "b": NUMBERS.astype(str)}),
    "arrow": lambda: installed("pyarrow").table({"a": NUMBERS, "b": NUMBERS.astype(str)}),
    "scipy-sparse": lambda: installed("scipy.sparse").diags_array(NUMBERS).tocsr(),
    "hf-dataset": lambda: installed("datasets").Dataset.from_dict({"a": NUMBERS}),
    "torch-tensor": lambda: installed("torch").from_numpy(NUMBERS.copy()),
    "state-dict": lambda: (
        installed("safetensors") and installed("torch").nn.Linear(600, 600).state_dict()
    ),
    "torch-module": lambda: installed("torch").nn.Linear(600, 600),
    "image": lambda: installed("PIL.Image").fromarray(NUMBERS.view("u1").reshape(1000, 2400)),
    "plotly": lambda: installed("plotly.graph_objects").Figure({"data": [{"y": NUMBERS}]}),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_large_value_comes_back_from_the_store(tmp_path, family):
    artifacts = ArtifactStore(FolderBlobs(tmp_path))
    values = ValueStore(artifacts, default_registry(), BufferDigests(None))
    value = FAMILIES[family]()
    kept = values.keep(value)
    assert kept.materializer == family
    version = ArtifactVersion("id", "a", kept.digest, kept.manifest, summary=kept.summary)
    for _ in range(2):
        loaded = values.load(version)
        assert type(loaded) is type(value)
        assert content_digest(loaded) == kept.digest
    assert values.keep(loaded).digest == kept.digest
    preview = artifacts.open(kept.manifest).previews[""]
    assert preview.text or preview.rows or preview.image
