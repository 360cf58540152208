"""What is told of the package that a value comes from."""

from dataclasses import replace

import numpy as np
import pytest

from jupyter_mlpipe.engine.values import ValueStore
from jupyter_mlpipe.materializers.buffers import BufferDigests
from jupyter_mlpipe.materializers.registry import default_registry
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.errors import ValueNotLoadableError
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.folder import FolderBlobs


def kept(values, value):
    known = values.keep(value)
    return ArtifactVersion("id", "a", known.digest, known.manifest, summary=known.summary)


@pytest.fixture
def values(tmp_path):
    artifacts = ArtifactStore(FolderBlobs(tmp_path))
    return ValueStore(artifacts, default_registry(), BufferDigests(None))


def test_a_version_tells_what_its_value_was_made_with(values):
    assert kept(values, np.ones(2)).summary["made_with"] == f"numpy {np.__version__}"
    assert "made_with" not in kept(values, [1]).summary


def test_a_value_of_another_release_that_does_not_load_says_so(values, monkeypatch):
    version = kept(values, np.random.default_rng(0))
    version = replace(version, summary={"made_with": "numpy 0.1"})
    monkeypatch.delattr("numpy.random._pickle.__generator_ctor")
    with pytest.raises(ValueNotLoadableError, match=r"made with numpy 0\.1; .* is here"):
        values.load(version)


def test_whatever_a_library_raises_becomes_one_line(values, monkeypatch):
    version = kept(values, [1])
    monkeypatch.setattr("jupyter_mlpipe.materializers.plain.decode", lambda _: 1 / 0)
    with pytest.raises(ValueNotLoadableError, match="ZeroDivisionError: division by zero"):
        values.load(version)
