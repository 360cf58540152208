"""A network that drops, refuses and cuts short what is asked of it."""

import os

import botocore.retryhandler
import pytest
from s3fs import S3FileSystem

from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.chunk import CHUNK, chunks_of, cut
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.errors import StorageError
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.blobs import open_blobs
from jupyter_mlpipe.storage.garbage import collect_garbage
from jupyter_mlpipe.storage.manifests import Manifest
from jupyter_mlpipe.tracking.sql import SqlMetadataStore
from jupyter_mlpipe.tracking.store import Query
from tests.storage.unreliable import unreliable_way

MANY = int(os.environ.get("MLPIPE_TEST_ARTIFACTS", "50"))


@pytest.fixture
def way(s3, s3_port, monkeypatch, request):
    """S3 over an unreliable network, whose clients try again at once."""
    monkeypatch.setattr(botocore.retryhandler, "delay_exponential", lambda *_, **__: 0.0)
    with unreliable_way(s3_port, request.param) as way:
        monkeypatch.setenv("AWS_ENDPOINT_URL", way.url)
        S3FileSystem.clear_instance_cache()
        yield way
    S3FileSystem.clear_instance_cache()


@pytest.fixture
def machine(s3, tmp_path):
    """The artifact store, as a machine of that name has it."""
    (tmp_path / "empty").mkdir()
    return Machine(f"{s3}/{tmp_path.name}", tmp_path)


class Machine:
    def __init__(self, url, folder):
        self.url, self.folder = url, folder

    def blobs(self, name):
        return open_blobs(self.url, self.folder / name)

    def __call__(self, name):
        return ArtifactStore(self.blobs(name))


@pytest.fixture
def metadata(tmp_path):
    store = SqlMetadataStore(f"sqlite:///{tmp_path / 'metadata.db'}")
    yield store
    store.close()


def kept(store, metadata, empty, data):
    """Content, then the record."""
    files = store.store(empty, {"a": list(chunks_of(memoryview(data), cut(len(data))))})
    manifest = store.record(Manifest("x", files))
    metadata.append([ArtifactVersion(new_id(), "value", manifest, manifest)])
    return manifest


def one_sentence(error):
    words = str(error)
    assert "\n" not in words
    assert words.endswith(".")


@pytest.mark.parametrize("way", [0.1, 0.97], indirect=True)
def test_values_are_kept_and_loaded_whole_or_refused_in_a_sentence(
    way, machine, metadata, tmp_path
):
    here, there, expected = machine("here"), machine("there"), {}
    few = MANY if way.share < 0.5 else MANY // 10
    for number in range(few):
        data = b"s" * CHUNK + os.urandom((number % 4) * 200_000 + 10)
        try:
            expected[kept(here, metadata, tmp_path / "empty", data)] = data
        except StorageError as error:
            one_sentence(error)
    for manifest, data in expected.items():
        try:
            assert bytes(there.content(there.open(manifest).files[0])) == data
        except StorageError as error:
            one_sentence(error)
    assert sum(way.injected.values()) > few / 2
    assert way.share > 0.5 or expected
    way.share = 0.0
    recorded = metadata.find(Query(ArtifactVersion, {"name": "value"}, limit=500)).items
    assert {version.manifest for version in recorded} == set(expected)
    collect_garbage(machine.blobs("collector"), expected, grace=-9e9)
    another = machine("another")
    for manifest, data in expected.items():
        assert bytes(another.content(another.open(manifest).files[0])) == data


@pytest.mark.parametrize("way", [0.1], indirect=True)
def test_a_collection_over_it_loses_nothing_that_is_named(way, machine, metadata, tmp_path):
    here, expected = machine("here"), {}
    way.share = 0.0
    for _ in range(6):
        data = os.urandom(100_000)
        expected[kept(here, metadata, tmp_path / "empty", data)] = data
    stays = dict(list(expected.items())[::2])
    way.share = 0.1
    for _ in range(10):
        try:
            collect_garbage(machine.blobs("collector"), stays, grace=-9e9)
        except StorageError as error:
            one_sentence(error)
    way.share = 0.0
    collect_garbage(machine.blobs("collector"), stays, grace=-9e9)
    another = machine("another")
    for manifest, data in stays.items():
        assert bytes(another.content(another.open(manifest).files[0])) == data
    with pytest.raises(StorageError, match="missing"):
        another.open(next(manifest for manifest in expected if manifest not in stays))
