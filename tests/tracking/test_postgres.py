import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from jupyter_mlpipe.model.errors import MetadataError, UnreachableError
from jupyter_mlpipe.model.run import Run
from jupyter_mlpipe.testing.records import a_run, a_step, a_version
from jupyter_mlpipe.tracking.sql import SqlMetadataStore
from jupyter_mlpipe.tracking.store import Query


@pytest.fixture
def name(tmp_path):
    return tmp_path.name


@pytest.fixture
def opened():
    """Opens stores, and closes them."""
    stores = []

    def open_at(url):
        stores.append(SqlMetadataStore(url))
        return stores[-1]

    yield open_at
    for store in stores:
        store.close()


def refusal(store, *records):
    with pytest.raises(MetadataError) as caught:
        store.append(records or [a_run()])
    return str(caught.value)


def test_a_server_that_comes_back_is_found_again(postgres, name, opened):
    store = opened(postgres.url(name))
    store.append([a_run("before")])
    with postgres.stopped(), pytest.raises(UnreachableError, match="cannot be reached"):
        store.append([a_run("lost")])
    store.append([a_run("after")])
    assert {run.id for run in store.find(Query(Run)).items} == {"before", "after"}


def test_a_server_started_anew_between_two_questions_is_not_noticed(postgres, name, opened):
    store = opened(postgres.url(name))
    store.append([a_run("before")])
    with postgres.stopped():
        pass
    assert store.get(Run, "before").id == "before"


def test_a_server_that_never_ran_is_named_with_what_to_do(opened):
    words = refusal(opened("postgresql+psycopg://me:secret@127.0.0.1:9/lab"))
    assert words.startswith("Metadata store lab on 127.0.0.1:9: the server cannot be reached.")
    assert "secret" not in words


@pytest.fixture
def silent():
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        callers = []

        def listen():
            while True:
                try:
                    callers.append(listening.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=listen)
        thread.start()
        yield listening.getsockname()[1], callers
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
        for caller in callers:
            caller.close()


def test_a_server_that_never_answers_is_waited_for_once(silent, opened):
    port, callers = silent
    store = opened(f"postgresql+psycopg://me@127.0.0.1:{port}/lab?connect_timeout=2")
    assert "cannot be reached" in refusal(store)
    assert "It is asked again in" in refusal(store)
    assert len(callers) == 1


def test_threads_that_wait_for_a_silent_server_wait_together(silent, opened):
    port, callers = silent
    store = opened(f"postgresql+psycopg://me@127.0.0.1:{port}/lab?connect_timeout=2")
    with ThreadPoolExecutor(3) as pool:
        words = list(pool.map(lambda _: refusal(store), range(3)))
    assert all("cannot be reached" in said for said in words)
    assert len(callers) == 1


def test_a_wrong_password_is_not_repeated(postgres, name, opened):
    postgres.url(name)
    postgres.ask_for_a_password("locked_out", "right")
    words = refusal(opened(postgres.url_of(name, "locked_out:tell-nobody")))
    assert "refuses this user or password" in words
    assert "tell-nobody" not in words
    store = opened(postgres.url_of(name, "locked_out:right"))
    assert "rights to create" in refusal(store)


def test_a_database_that_is_not_there_is_told_from_a_user_who_is_not(postgres, opened):
    assert "no such database" in refusal(opened(postgres.url_of("nowhere")))
    assert "refuses this user" in refusal(opened(postgres.url_of("postgres", "nobody_here")))


def test_who_may_only_read_reads(postgres, name, opened):
    opened(postgres.url(name)).append([a_run("kept")])
    postgres.run("CREATE ROLE reader LOGIN")
    postgres.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader", database=name)
    store = opened(postgres.url_of(name, "reader"))
    assert store.get(Run, "kept").id == "kept"
    assert "may not do that" in refusal(store)


def test_a_standby_server_says_so(postgres, name, opened):
    opened(postgres.url(name)).append([a_run("kept")])
    standby = postgres.url_of(name, options="-cdefault_transaction_read_only%3Don")
    assert "only be read" in refusal(opened(standby))


@pytest.mark.parametrize(
    ("state", "words"), [("53100", "disk is full"), ("53200", "out of memory")]
)
def test_a_server_without_room_records_nothing(postgres, name, opened, state, words):
    store = opened(postgres.url(name))
    store.append([a_run("kept")])
    postgres.run(
        f"CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'no room' "
        f"USING ERRCODE = '{state}'; END $$ LANGUAGE plpgsql",
        database=name,
    )
    postgres.run(
        "CREATE TRIGGER refuse BEFORE INSERT ON artifact_versions "
        "FOR EACH ROW EXECUTE FUNCTION refuse()",
        database=name,
    )
    assert words in refusal(store, a_run("lost"), a_version("x"))
    assert [run.id for run in store.find(Query(Run)).items] == ["kept"]


def test_one_who_writes_for_too_long_is_not_waited_for(postgres, name, opened):
    opened(postgres.url(name)).append([a_run("kept")])
    store = opened(postgres.url_of(name, options="-clock_timeout%3D100"))
    with postgres.connect(name) as other, other.transaction():
        other.execute("LOCK TABLE runs")
        assert "others have been writing" in refusal(store)
    store.append([a_run("later")])


def test_what_takes_the_server_too_long_is_given_up(postgres, name, opened):
    opened(postgres.url(name)).append([a_run("kept")])
    store = opened(postgres.url_of(name, options="-cstatement_timeout%3D100"))
    with postgres.connect(name) as other, other.transaction():
        other.execute("LOCK TABLE runs")
        assert "took too long" in refusal(store)


def test_text_that_postgres_cannot_hold_is_kept_as_well_as_it_can(postgres, name, opened):
    store = opened(postgres.url(name))
    step, version = a_step("clean")
    run = replace(a_run(), parameters={"lr": float("nan"), "deep": [float("inf"), "a\0b"]})
    store.append([run, replace(step, error="bad \0 byte"), version])
    assert store.get(Run, "run").parameters == {"lr": "nan", "deep": ["inf", "a\0b"]}
    assert store.get(type(step), step.id).error == "bad ␀ byte"


def test_projects_share_a_database_in_schemas_of_their_own(postgres, name, opened):
    postgres.url(name)
    for project in ("one", "two"):
        postgres.run(f"CREATE SCHEMA {project}", database=name)
        store = opened(postgres.url_of(name, options=f"-csearch_path%3D{project}"))
        assert [version.version for version in store.append([a_version("same")])] == [1]


def test_without_psycopg_it_says_what_to_install():
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from jupyter_mlpipe.tracking.sql import SqlMetadataStore\n"
        "from jupyter_mlpipe.testing.metadata import a_run\n"
        "SqlMetadataStore('postgresql://me@host/db').append([a_run()])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd="."
    )
    assert "pip install 'jupyter_mlpipe[postgres]'" in ran.stderr
