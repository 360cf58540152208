import os
import resource
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.errors import MetadataError
from jupyter_mlpipe.model.models import ModelVersion, Promotion
from jupyter_mlpipe.model.run import Run
from jupyter_mlpipe.testing.metadata import MetadataStoreContract
from jupyter_mlpipe.testing.records import a_run, a_version
from jupyter_mlpipe.tracking.sql import SqlMetadataStore
from jupyter_mlpipe.tracking.store import Query

_WRITER = """
import sys
from jupyter_mlpipe.testing.records import a_version
from jupyter_mlpipe.tracking.sql import SqlMetadataStore
store = SqlMetadataStore(sys.argv[1])
for turn in range(25):
    pair = [a_version("one"), a_version("other")]
    store.append(pair if turn % 2 else pair[::-1])
store.close()
"""

_MODELLER = """
import sys
from jupyter_mlpipe.model.models import ModelStages
from jupyter_mlpipe.testing.models import promotion, versions_of
from jupyter_mlpipe.tracking.sql import SqlMetadataStore
store = SqlMetadataStore(sys.argv[1])
for turn in range(15):
    (version,) = versions_of(store, 1)
    store.append([promotion(version, ModelStages.PRODUCTION, force=True)])
store.close()
"""


class TestSqlMetadataStore(MetadataStoreContract):
    def open_store(self, folder, project="default"):
        return SqlMetadataStore(f"sqlite:///{folder / 'deep' / 'metadata.db'}", project)


class TestInPostgres(MetadataStoreContract):
    @pytest.fixture(autouse=True)
    def _server(self, postgres):
        self.server = postgres

    def open_store(self, folder, project="default"):
        return SqlMetadataStore(self.server.url(folder.name), project)


def test_a_store_in_memory_is_one_for_all_threads():
    store = SqlMetadataStore("sqlite://")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: store.append([a_run(str(number))]), range(8)))
    assert store.find(Query(Run)).total == 8
    store.close()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "metadata.db"


def opened(file):
    return SqlMetadataStore(f"sqlite:///{file}")


def test_eight_processes_number_one_artifact_without_gap(url):
    command = [sys.executable, "-c", _WRITER, url]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    writers = [subprocess.Popen(command, env=environ) for _ in range(8)]
    assert [writer.wait(timeout=240) for writer in writers] == [0] * 8
    store = SqlMetadataStore(url)
    for name in ("one", "other"):
        found = store.find(Query(ArtifactVersion, {"name": name}, limit=500)).items
        assert sorted(version.version for version in found) == list(range(1, 201))
    store.close()


def test_eight_processes_make_and_promote_versions_of_one_model(url):
    """Numbers have no gap, one version is in production, and the history is whole."""
    command = [sys.executable, "-c", _MODELLER, url]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    writers = [subprocess.Popen(command, env=environ) for _ in range(8)]
    assert [writer.wait(timeout=240) for writer in writers] == [0] * 8
    store = SqlMetadataStore(url)
    found = store.find(Query(ModelVersion, {"model": "churn"}, limit=500)).items
    assert sorted(version.version for version in found) == list(range(1, 121))
    assert Counter(version.stage for version in found) == {"production": 1, "archived": 119}
    told = store.find(Query(Promotion, limit=500)).items
    assert Counter(made.to_stage for made in told) == {"production": 120, "archived": 119}
    store.close()


def test_a_first_opening_by_several_threads_makes_one_schema(url):
    stores = [SqlMetadataStore(url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda store: store.find(Query(Run)).total, stores)) == [0] * 4
    for store in stores:
        store.close()


@pytest.mark.parametrize("content", [b"name,value\n" * 500, b"SQLite format 3\0" + b"x" * 9000])
def test_something_else_in_its_place_is_named_and_left_alone(file, content):
    file.write_bytes(content)
    with pytest.raises(MetadataError, match=r"metadata\.db: the file is not a database"):
        opened(file).append([a_run()])
    assert file.read_bytes() == content


def test_a_database_damaged_in_the_middle_says_so(file):
    store = opened(file)
    store.append([a_version(f"name{i}") for i in range(300)])
    store.close()
    damaged = bytearray(file.read_bytes())
    damaged[8192:] = b"\xaa" * (len(damaged) - 8192)
    file.write_bytes(damaged)
    store = opened(file)
    with pytest.raises(MetadataError, match="damaged"):
        store.find(Query(ArtifactVersion))
    store.close()


def test_a_folder_that_cannot_be_made_is_named():
    with pytest.raises(MetadataError, match=r"folder /proc/nowhere cannot be made"):
        opened("/proc/nowhere/metadata.db").append([a_run()])


def test_a_database_that_may_only_be_read_is_read(file):
    store = opened(file)
    store.append([a_run("kept")])
    read_only = SqlMetadataStore(f"sqlite:///file:{file}?mode=ro&uri=true")
    assert read_only.get(Run, "kept").id == "kept"
    with pytest.raises(MetadataError, match="only be read"):
        read_only.append([a_run("refused")])
    read_only.close()
    store.close()


@pytest.fixture
def no_room_left(file):
    """No file of this process may grow beyond what the database now takes."""

    def limit():
        size = max(path.stat().st_size for path in file.parent.iterdir())
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_without_room_nothing_is_recorded_and_the_rest_stays(file, no_room_left):
    store = opened(file)
    store.append([a_run("kept")])
    no_room_left()
    with pytest.raises(MetadataError, match=r"metadata\.db: .*nothing was recorded"):
        store.append([a_version(f"{i}" * 300) for i in range(2000)])
    assert store.find(Query(ArtifactVersion)).total == 0
    assert store.get(Run, "kept").id == "kept"
    store.close()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nothing", "no database URL"),
        ("bogus://me:secret@host/db", "only SQLite and PostgreSQL"),
        ("postgresql+asyncpg://me:secret@host/db", r"asyncpg.* reached through psycopg"),
        ("sqlite+bogus:///m.db", "bogus"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url, message):
    with pytest.raises(MetadataError, match=message) as caught:
        SqlMetadataStore(url).find(Query(Run))
    assert "secret" not in str(caught.value)


def test_text_that_no_encoding_holds_is_an_error_of_ours(file):
    store = opened(file)
    with pytest.raises(MetadataError):
        store.append([a_run("\ud800")])
    store.close()
