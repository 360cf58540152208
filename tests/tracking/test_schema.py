import subprocess
import sys
from dataclasses import replace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from jupyter_mlpipe.model.run import Run, StepRun
from jupyter_mlpipe.testing.metadata import a_run, a_step
from jupyter_mlpipe.tracking import schema
from jupyter_mlpipe.tracking.database import open_database
from jupyter_mlpipe.tracking.sql import SqlMetadataStore
from jupyter_mlpipe.tracking.store import Query
from jupyter_mlpipe.tracking.tables import METADATA


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'metadata.db'}"


@pytest.fixture
def engine(url):
    engine = open_database(url)
    yield engine
    engine.dispose()


def test_the_migrations_end_at_the_tables(engine):
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_a_database_with_data_goes_down_and_up_again(engine, url):
    store = SqlMetadataStore(url)
    store.append([a_run(), *a_step("clean")])
    with engine.begin() as connection:
        schema.migrate(connection, "base")
    with engine.begin() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
        schema.upgrade(connection)
    store.append([a_run("again")])
    assert [run.id for run in store.find(Query(Run)).items] == ["again"]
    store.close()


def test_runs_of_whole_steps_outlive_the_step_back_to_a_database_without_elements(engine, url):
    store = SqlMetadataStore(url)
    (one, version) = a_step("clean[1]")
    store.append([a_run(), *a_step("clean"), replace(one, element="d1"), version])
    with engine.begin() as connection:
        schema.migrate(connection, "0003")
    with engine.begin() as connection:
        schema.upgrade(connection)
    assert [(run.step, run.element) for run in store.find(Query(StepRun)).items] == [("clean", "")]
    store.close()


def test_a_migration_that_fails_leaves_the_database_as_it_was(url, monkeypatch):
    def fail(connection):
        schema.migrate(connection, "head")
        raise OSError("the machine stopped")

    monkeypatch.setattr(schema, "upgrade", fail)
    with pytest.raises(Exception, match="the machine stopped"):
        open_database(url)
    monkeypatch.undo()
    store = SqlMetadataStore(url)
    assert store.find(Query(Run)).total == 0
    store.close()


def test_an_up_to_date_database_is_opened_without_alembic(engine, url):
    code = (
        "import sys; from jupyter_mlpipe.tracking.database import open_database;"
        f"open_database({url!r}).dispose(); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=".").returncode == 0


def test_step_runs_from_before_a_column_was_added_are_still_read(engine, url):
    store = SqlMetadataStore(url)
    store.append([a_run(), *a_step("clean", full=True)])
    with engine.begin() as connection:
        schema.migrate(connection, "0001")
    with engine.begin() as connection:
        schema.upgrade(connection)
    (found,) = store.find(Query(StepRun)).items
    assert (found.step, found.immovable, found.effects) == ("clean", (), {"random": "blob"})
    store.close()
