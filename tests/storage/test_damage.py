"""Bytes that change, and bytes that were made to mislead."""

import gc
import itertools
import os
import random
import re
from array import array
from contextlib import suppress
from pathlib import Path

import fsspec
import pytest
from blake3 import blake3

from jupyter_mlpipe.model.chunk import CHUNK, chunks_of, cut
from jupyter_mlpipe.model.errors import CorruptArtifactError, StorageError
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.blobs import open_blobs
from jupyter_mlpipe.storage.folder import FolderBlobs
from jupyter_mlpipe.storage.garbage import collect_garbage
from jupyter_mlpipe.storage.manifests import Manifest, StoredFile, encode
from jupyter_mlpipe.storage.packs import PackTable, encode_table, parse_table, table_length
from tests.storage.keeping import keep, keep_in, read


@pytest.fixture
def empty(tmp_path):
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


def stretches(content):
    """The places of each part of a pack, and the last byte of each."""
    table = parse_table(content)
    end, count = len(content) - table_length(content), len(table)
    first, size = table.offsets[0], table.sizes[0]
    gaps = [
        place
        for one, length, other in zip(table.offsets, table.sizes, table.offsets[1:], strict=False)
        for place in range(one + length, other)
    ]
    return {
        "first chunk": range(first, first + size),
        "last chunk": range(table.offsets[-1], table.offsets[-1] + table.sizes[-1]),
        "gap": gaps,
        "digests": range(end, end + 32 * count),
        "offsets": range(end + 32 * count, end + 40 * count),
        "sizes": range(end + 40 * count, end + 44 * count),
        "digest of the table": range(end + 44 * count, end + 44 * count + 32),
        "length of the table": range(len(content) - 16, len(content) - 8),
        "mark": range(len(content) - 8, len(content)),
    }


def damaged_packs(content, chance):
    """Ways in which a pack can be another than it was, and what each is."""
    for part, places in stretches(content).items():
        if not places:
            continue
        some = {places[0], places[-1], *chance.sample(list(places), min(len(places), 6))}
        for place in sorted(some):
            changed = bytearray(content)
            changed[place] ^= 1 << chance.randrange(8)
            yield part, bytes(changed)
    for length in (0, 1, 47, 48, len(content) // 2, len(content) - 44, len(content) - 1):
        yield f"cut at {length}", content[:length]
    for more in (b"\0", os.urandom(100), content[-48:], content):
        yield "extended", content + more
    yield (
        "another's table",
        content[: -table_length(content)]
        + encode_table(PackTable(bytes(32), array("Q", [0]), array("I", [100]))),
    )


def damaged_manifests(content, chance):
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << chance.randrange(8)
        yield f"byte {place}", bytes(changed)
    for length in (0, 1, len(content) // 2, len(content) - 1):
        yield f"cut at {length}", content[:length]
    yield "extended", content + b" "


@pytest.fixture(params=["folder", "memory"])
def places(request, tmp_path):
    """Where the store is, and where the copies that another machine keeps are."""
    root = tmp_path / "store" if request.param == "folder" else f"memory://{tmp_path.name}"
    return Places(str(root), tmp_path, remote=request.param == "memory")


class Places:
    def __init__(self, url, folder, *, remote):
        self.url, self.folder, self.remote = url, folder, remote
        self.fs, self.root = fsspec.core.url_to_fs(url)
        self.machines = itertools.count()

    def machine(self):
        """One that never saw the store."""
        name = f"machine-{next(self.machines)}"
        return ArtifactStore(open_blobs(self.url, self.folder / name))

    def one(self, is_it):
        (path,) = (p for p in self.fs.find(self.root) if is_it(p.rpartition("/")[2]))
        return path

    def change(self, path, content):
        self.fs.rm_file(path)
        if not self.remote:
            for index in Path(path).parent.glob("index.db*"):  # another machine has none
                index.unlink()
        self.fs.pipe_file(path, content)


def test_no_change_to_a_pack_ever_gives_another_value(places, empty):
    data = os.urandom(2 * CHUNK + 5000)
    sizes = cut(len(data), CHUNK // 2 + 100)  # rows that begin within a page leave gaps
    store = places.machine()
    value = store.record(
        Manifest("x", store.store(empty, {"a": list(chunks_of(memoryview(data), sizes))}))
    )
    pack = places.one(re.compile("[0-9a-f]{32}").fullmatch)
    content, chance, refused, tried = places.fs.cat_file(pack), random.Random(0), set(), 0
    for part, changed in damaged_packs(content, chance):
        places.change(pack, changed)
        tried += 1
        reader = places.machine()
        try:
            found = bytes(reader.content(reader.open(value).files[0]))
            assert found == data, part
        except StorageError:
            refused.add(part)
    assert refused >= set(stretches(content)) - {"gap"}
    assert tried > 70
    places.change(pack, content)
    reader = places.machine()
    assert bytes(reader.content(reader.open(value).files[0])) == data


def test_no_change_to_a_manifest_ever_gives_another_value(places, empty):
    (empty / "value.json").write_bytes(b'{"a": 1}')
    value = places.machine().commit(empty, "x", pickled=False, previews={})
    path = places.one(value.__eq__)
    content, tried = places.fs.cat_file(path), 0
    for how, changed in damaged_manifests(content, random.Random(0)):
        places.change(path, changed)
        tried += 1
        with pytest.raises(CorruptArtifactError):
            pytest.fail(f"{how}: {places.machine().open(value)}")
    assert tried > 100


def test_no_change_to_a_local_copy_ever_gives_another_value(places, empty):
    """A remote store is read through copies, and a folder through what is known of its packs."""
    data = os.urandom(2 * CHUNK + 5000)
    value = keep_in(places.machine(), empty, data)
    reader = places.machine()
    assert bytes(reader.content(reader.open(value).files[0])) == data
    root = places.folder / ("machine-1" if places.remote else "store")
    (pack,) = (p for p in (root / "packs").iterdir() if re.fullmatch("[0-9a-f]{32}", p.name))
    content, tried, given = pack.read_bytes(), 0, 0
    for _part, changed in damaged_packs(content, random.Random(0)):
        pack.unlink(missing_ok=True)
        pack.write_bytes(changed)
        tried += 1
        try:
            again = ArtifactStore(open_blobs(places.url, places.folder / "machine-1"))
            assert bytes(again.content(again.open(value).files[0])) == data
            given += 1
        except StorageError:
            assert not places.remote  # else it is fetched again
    assert tried > 50
    assert given == tried or not places.remote


def test_an_index_that_says_other_things_changes_no_value(places, empty):
    data = os.urandom(2 * CHUNK + 5000)
    value = keep_in(places.machine(), empty, data)
    gc.collect()  # closes the indexes
    chance = random.Random(0)
    indexes = list(places.folder.rglob("*.db"))
    assert {path.name for path in indexes} >= {"remote.db" if places.remote else "index.db"}
    for file in indexes:
        content = file.read_bytes()
        for _ in range(12):
            changed = bytearray(content)
            for place in chance.sample(range(len(content)), chance.choice([1, 1, 50])):
                changed[place] = chance.randrange(256)
            for suffix in ("-wal", "-shm"):
                Path(f"{file}{suffix}").unlink(missing_ok=True)
            file.write_bytes(changed)
            reader = ArtifactStore(open_blobs(places.url, places.folder / "machine-0"))
            with suppress(StorageError):
                assert bytes(reader.content(reader.open(value).files[0])) == data
            del reader
            gc.collect()


def test_no_bytes_are_a_manifest_or_pack_by_accident(tmp_path, empty):
    keep(tmp_path / "store", empty, os.urandom(300_000))
    for number in range(50):
        junk = os.urandom(number * 7)
        (tmp_path / "store" / "packs" / blake3(junk).hexdigest()[:32]).write_bytes(junk)
    data = os.urandom(300_000)
    assert read(tmp_path / "store", keep(tmp_path / "store", empty, data)) == data


@pytest.mark.parametrize(
    "claim",
    [
        {"digest": "../../../../etc/passwd"},
        {"digest": "/etc/passwd"},
        {"digest": "a" * 63 + "\0"},
        {"chunks": "../packs"},
        {"chunks": "ab" * 31},
        {"chunks": "ab" * 32 * 3},
        {"content": "no base64"},
        {"nbytes": -1, "chunks": "ab" * 32},
        {"nbytes": 1 << 62, "chunks": "00" * 32},
    ],
)
def test_what_a_hostile_manifest_claims_leads_nowhere(places, tmp_path, claim):
    """Its digest is right: whoever can write to the store can write that."""
    blobs = open_blobs(places.url, tmp_path / "machine")
    file = StoredFile(**{"name": "a", "nbytes": 5, **claim})
    digest = blobs.put(encode(Manifest("x", (file,))))
    store = ArtifactStore(blobs)
    with pytest.raises(StorageError) as caught:
        store.checkout(store.open(digest), tmp_path / "out")
    assert "\n" not in str(caught.value)


def test_a_link_in_the_place_of_a_pack_or_blob_is_no_way_out(tmp_path, empty):
    secret = tmp_path / "secret"
    secret.write_bytes(os.urandom(300_000))
    digest = keep(tmp_path / "store", empty, os.urandom(300_000))
    for path in [p for p in (tmp_path / "store").rglob("*") if p.is_file()]:
        if "index" not in path.name:
            path.unlink()
            path.symlink_to(secret)
    with pytest.raises(StorageError):
        read(tmp_path / "store", digest)
    assert collect_garbage(FolderBlobs(tmp_path / "store"), [digest]).nbytes == 0
    assert secret.stat().st_size == 300_000
