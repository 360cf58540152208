"""Collection beside machines that go on storing below a URL."""

import functools
import itertools
import os
from datetime import UTC, datetime, timedelta

import fsspec
import pytest

from jupyter_mlpipe.model.chunk import CHUNK, chunks_of, cut
from jupyter_mlpipe.model.errors import StorageError
from jupyter_mlpipe.storage.addressing import digest_of_bytes
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.blobs import open_blobs
from jupyter_mlpipe.storage.garbage import DAY, collect_garbage
from jupyter_mlpipe.storage.manifests import Manifest
from jupyter_mlpipe.storage.objects import Objects

HELLO = b"hello"


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


class Place:
    """A store in memory, whose objects can be made old."""

    def __init__(self, folder):
        self.url, self._folder = f"memory://{folder.parent.name}-{folder.name}", folder
        (folder / "empty").mkdir()
        self.objects = Objects(self.url)

    def machine(self, name):
        return open_blobs(self.url, self._folder / name)

    def keep(self, machine, data):
        return self.keep_in(self.machine(machine), data)

    def keep_in(self, blobs, data):
        store, chunks = ArtifactStore(blobs), list(chunks_of(memoryview(data), cut(len(data))))
        files = store.store(self._folder / "empty", {"a": chunks})
        return store.record(Manifest("x", files))

    def read(self, machine, value):
        store = ArtifactStore(self.machine(machine))
        return bytes(store.content(store.open(value).files[0]))

    def age(self, days=30):
        fs = fsspec.filesystem("memory")
        for path in fs.find(self.objects.path("")):
            fs.store[path].created = datetime.now(tz=UTC) - timedelta(days=days)

    def listed(self):
        return set(self.objects.listed())

    def packs(self):
        return {key for key in self.listed() if key.startswith("packs/") and "." not in key}


OPERATIONS = (
    *("size", "names", "read_parts", "fetch", "create", "write", "send", "copy", "delete"),
    *("written", "read", "listed"),
)


def before_each_operation(folder, begin, afterwards=lambda place: None):
    """Play a scene again and again: before the first operation on a store, the second, ...

    `begin` prepares a place, and gives whose operations are counted, what to do before one of
    them, and what to do in all. What both gave is yielded, until there is no such operation.
    Before each operation that follows, there is something to do `afterwards`.
    """
    for at in itertools.count():
        (folder / str(at)).mkdir()
        place = Place(folder / str(at))
        machine, deed, work = begin(place)
        came, calls = [], itertools.count()

        def counted(original, calls=calls, deed=deed, came=came, scene=(at, place)):
            def call(*arguments):
                if came:
                    afterwards(scene[1])
                if next(calls) == scene[0]:
                    came.append(deed())
                return original(*arguments)

            return call

        for name in OPERATIONS:
            setattr(machine.objects, name, counted(getattr(machine.objects, name)))
        gave = work()
        if not came:
            assert at >= 3
            return
        yield place, came[0], gave


def test_what_is_old_and_unnamed_goes(place):
    place.machine("one").put(HELLO)
    place.keep("one", os.urandom(CHUNK))
    place.age()
    collected = collect_garbage(place.machine("two"), [])
    assert (collected.blobs, collected.packs) == (2, 1)
    assert place.listed() == set()


def test_a_blob_that_is_stored_at_any_moment_of_a_collection_is_there_in_the_end(tmp_path):
    def begin(place):
        place.machine("one").put(HELLO)
        place.age()
        collector, writer = place.machine("two"), place.machine("three")
        return collector, lambda: writer.put(HELLO), lambda: collect_garbage(collector, [])

    for place, digest, _ in before_each_operation(tmp_path, begin):
        assert place.machine("four").get(digest) == HELLO
        assert not [key for key in place.listed() if key.startswith("trash")]


def test_a_blob_that_was_stored_during_a_collection_is_never_missing(tmp_path):
    def begin(place):
        place.machine("one").put(HELLO)
        place.age()
        collector, writer = place.machine("two"), place.machine("three")
        return collector, lambda: writer.put(HELLO), lambda: collect_garbage(collector, [])

    numbers = itertools.count()

    def read(place):
        machine = place.machine(f"reader-{next(numbers)}")
        assert machine.size(digest_of_bytes(HELLO)) == len(HELLO)
        assert machine.get(digest_of_bytes(HELLO)) == HELLO

    for place, _, _ in before_each_operation(tmp_path, begin, read):
        read(place)
    assert next(numbers) > 50


def test_a_blob_is_there_in_the_end_whenever_a_collection_comes_between(tmp_path):
    def begin(place):
        place.machine("one").put(HELLO)
        place.age()
        collector, writer = place.machine("two"), place.machine("three")
        return writer, lambda: collect_garbage(collector, []), lambda: writer.put(HELLO)

    for place, _, digest in before_each_operation(tmp_path, begin):
        assert place.machine("four").get(digest) == HELLO


def a_change():
    data = bytearray(os.urandom(3 * CHUNK))
    changed = bytearray(data)
    changed[0] ^= 1
    return data, changed


def test_a_pack_that_is_built_upon_at_any_moment_of_a_collection_loses_nothing(tmp_path):
    data, changed = a_change()

    def begin(place):
        place.keep("one", data)
        place.age()
        collector, writer = place.machine("two"), place.machine("three")
        keep = functools.partial(place.keep_in, writer, changed)
        return collector, keep, lambda: collect_garbage(collector, [])

    for place, value, _ in before_each_operation(tmp_path, begin):
        assert place.read("four", value) == changed


def test_a_value_loses_nothing_whenever_a_collection_comes_between(tmp_path):
    data, changed = a_change()

    def begin(place):
        place.keep("one", data)
        place.age()
        collector, writer = place.machine("two"), place.machine("three")
        keep = functools.partial(place.keep_in, writer, changed)
        return writer, lambda: collect_garbage(collector, []), keep

    for place, _, value in before_each_operation(tmp_path, begin):
        assert place.read("four", value) == changed


def mostly_changed():
    data = bytearray(os.urandom(6 * CHUNK))
    changed = data[:]
    changed[: 5 * CHUNK] = os.urandom(5 * CHUNK)
    return data, changed


def test_the_rest_of_a_pack_that_is_mostly_garbage_is_moved(place):
    data, changed = mostly_changed()
    place.keep("one", data)
    value = place.keep("one", changed)
    place.age()
    sizes = [sum(facts.nbytes for facts in place.objects.listed().values())]
    assert collect_garbage(place.machine("two"), [value], dry_run=True).packs == 0
    assert collect_garbage(place.machine("two"), [value]).packs == 1
    sizes.append(sum(facts.nbytes for facts in place.objects.listed().values()))
    assert sizes[1] < sizes[0] - 4 * CHUNK
    assert place.read("three", value) == place.read("two", value) == changed
    assert collect_garbage(place.machine("two"), [value]).packs == 0


def test_a_damaged_rest_stays_where_it_is(place):
    data, changed = mostly_changed()
    place.keep("one", data)
    (pack,) = place.packs()
    value = place.keep("one", changed)
    damaged = bytearray(place.objects.read(pack))
    damaged[6 * CHUNK - 1] ^= 1
    place.objects.write(pack, bytes(damaged))
    place.age()
    assert collect_garbage(place.machine("two"), [value]).packs == 0
    assert pack in place.packs()
    assert len(place.packs()) == 2


def test_a_value_is_whole_whenever_it_is_read_while_a_rest_is_moved(tmp_path):
    data, changed = mostly_changed()

    def begin(place):
        place.keep("one", data)
        value = place.keep("one", changed)
        place.age()
        collector = place.machine("two")
        read = functools.partial(place.read, "three", value)
        return collector, read, lambda: collect_garbage(collector, [value])

    for place, found, collected in before_each_operation(tmp_path, begin):
        assert found == changed
        assert collected.packs == 1
        assert len(place.packs()) == 2


def test_a_value_loses_nothing_whenever_a_rest_is_moved_meanwhile(tmp_path):
    data, changed = mostly_changed()

    def begin(place):
        place.keep("one", data)
        value = place.keep("one", changed)
        place.age()
        collector, writer = place.machine("two"), place.machine("three")
        keep = functools.partial(place.keep_in, writer, data)
        return writer, lambda: collect_garbage(collector, [value]), keep

    for place, _, value in before_each_operation(tmp_path, begin):
        assert place.read("four", value) == data


def test_a_pack_that_is_going_is_not_built_upon(place):
    data = os.urandom(2 * CHUNK)
    place.keep("one", data)
    (pack,) = place.packs()
    place.objects.mark([f"{pack}.going"])
    value = place.keep("two", data)
    place.objects.delete([pack, f"{pack}.going"])
    assert place.read("three", value) == data


def test_a_pack_that_others_built_upon_counts_as_used(place):
    data = os.urandom(2 * CHUNK)
    value = place.keep("one", data)
    place.age()
    assert place.keep("two", data) == value
    assert collect_garbage(place.machine("three"), []).packs == 0
    assert place.read("four", value) == data


def test_a_reader_that_remembers_a_pack_finds_what_it_held_in_another(place):
    data = os.urandom(2 * CHUNK)
    place.keep("one", data)
    reader = place.machine("two")
    store = ArtifactStore(reader)
    store.check(place.keep("one", data))  # by now it knows where the chunks are
    place.age()
    collect_garbage(place.machine("three"), [])
    value = place.keep("four", data)
    assert bytes(store.content(store.open(value).files[0])) == data


def test_what_a_stopped_collector_took_away_is_put_back(place):
    digest = place.machine("one").put(HELLO)
    (key,) = (key for key in place.listed() if key.endswith(digest))
    place.objects.copy(key, f"trash/{digest}")
    place.objects.delete([key])
    place.age()
    collect_garbage(place.machine("two"), [digest])
    assert place.machine("three").get(digest) == HELLO
    assert f"trash/{digest}" not in place.listed()


def test_two_do_not_collect_at_once(place):
    place.machine("one").put(HELLO)
    place.age()
    place.objects.write("collecting", b"another")
    with pytest.raises(StorageError, match="collected by another process"):
        collect_garbage(place.machine("two"), [])
    assert collect_garbage(place.machine("two"), [], dry_run=True).blobs == 1
    assert len(place.listed()) == 3


def test_one_that_was_stopped_long_ago_holds_up_nobody(place):
    place.machine("one").put(HELLO)
    place.objects.write("collecting", b"another")
    place.age()
    assert collect_garbage(place.machine("two"), [], grace=DAY).blobs == 1
    assert place.listed() == set()


def test_what_stopped_processes_left_goes(place):
    for key in ("ab/cd/x.0123.partial", f"packs/{'0' * 32}.going", f"ab/cd/{'0' * 64}.used"):
        place.objects.write(key, b"")
    place.age()
    collect_garbage(place.machine("one"), [])
    assert place.listed() == set()


def test_a_store_that_tells_no_times_is_left_alone(place, monkeypatch):
    place.machine("one").put(HELLO)
    monkeypatch.setattr("jupyter_mlpipe.storage.objects._TIMES", ())
    with pytest.raises(StorageError, match="does not say when"):
        collect_garbage(place.machine("two"), [])


def test_a_file_that_changes_while_it_is_sent_is_refused(place, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(HELLO)
    machine = place.machine("one")
    send = machine.objects.send

    def sent_late(source, key):
        source.write_bytes(b"other")
        send(source, key)

    monkeypatch.setattr(machine.objects, "send", sent_late)
    with pytest.raises(StorageError, match="changed while"):
        machine.put_file(tmp_path / "file")
    assert all(key.endswith(".used") for key in place.listed())
