import json
import subprocess
import sys
from dataclasses import replace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, create_engine, inspect, text
from sqlalchemy.exc import IntegrityError

from jupyter_mlpipe.model.artifact import Artifact, ArtifactVersion
from jupyter_mlpipe.model.environment import EnvironmentSnapshot
from jupyter_mlpipe.model.errors import MetadataError
from jupyter_mlpipe.model.models import Alias, Model, ModelStages, ModelVersion, Promotion
from jupyter_mlpipe.model.project import Project
from jupyter_mlpipe.model.run import Input, Run, StepRun
from jupyter_mlpipe.testing.models import a_model_version, promotion, versions_of
from jupyter_mlpipe.testing.records import a_run, a_snapshot, a_step, a_version
from jupyter_mlpipe.tracking import rows, schema
from jupyter_mlpipe.tracking.database import open_database
from jupyter_mlpipe.tracking.sql import SqlMetadataStore
from jupyter_mlpipe.tracking.store import Query
from jupyter_mlpipe.tracking.tables import METADATA


@pytest.fixture
def engine(url):
    engine = open_database(url)
    yield engine
    engine.dispose()


def test_the_migrations_end_at_the_tables(engine):
    move(engine, "base")
    move(engine, "head")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def shape(engine):
    """All that a database tells of its tables, whatever the order of their columns.

    Keys of SQLite have a name only where a migration once wrote their table anew.
    """
    asked, unnamed, how = inspect(engine), engine.name == "sqlite", {"default": str}
    looks = (
        *(asked.get_columns, asked.get_pk_constraint, asked.get_foreign_keys),
        *(asked.get_indexes, asked.get_unique_constraints, asked.get_check_constraints),
    )
    found = {
        (table, look.__name__): sorted(
            json.dumps(
                one | {"name": ""} if unnamed and "constrained_columns" in one else one, **how
            )
            for one in ([told] if isinstance(told, dict) else told)
        )
        for table in asked.get_table_names()
        for look in looks
        for told in [look(table)]
    }
    with engine.connect() as connection:
        if engine.name == "sqlite":
            found["estimates"] = sorted(connection.execute(text("SELECT * FROM sqlite_stat1")))
        return found | {"revision": schema.is_current(connection)}


def test_a_new_database_is_what_all_migrations_together_make(engine):
    new = shape(engine)
    move(engine, "base")
    move(engine, "head")
    assert shape(engine) == new


def move(engine, revision, project="default"):
    with engine.execution_options(**{schema.MIGRATING: True}).begin() as connection:
        schema.migrate(connection, revision, project)


def unlabelled(record):
    """Runs and step runs had no labels at first."""
    return replace(record, tags=(), metadata={})


def test_a_database_with_data_is_taken_away_and_made_again(engine, url):
    store = SqlMetadataStore(url)
    store.append([a_run(), *a_step("clean")])
    move(engine, "base")
    with engine.begin() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
        schema.upgrade(connection)
    store.append([a_run("again")])
    assert [run.id for run in store.find(Query(Run)).items] == ["again"]
    store.close()


def test_what_the_first_release_recorded_is_read_by_this_one(engine, url):
    """Its rows are written into its own tables; opening the database brings them up to date."""
    run, snapshot, (step, version) = a_run(), a_snapshot(), a_step("clean", full=True)
    step = replace(step, inputs=(Input("x", version.id),))
    move(engine, "0001")
    tables = MetaData()
    tables.reflect(engine)
    with engine.begin() as connection:
        for table, row in (
            ("runs", rows.run_row(run)),
            ("step_runs", rows.step_run_row(step)),
            ("artifacts", {"name": version.name, "last_version": 1}),
            ("artifact_versions", rows.version_row(version)),
            ("step_inputs", rows.input_rows(step)[0]),
            ("step_outputs", rows.output_rows(step)[0]),
            ("environments", rows.environment_row(snapshot)),
        ):
            known = {name: row[name] for name in row if name in tables.tables[table].c}
            connection.execute(tables.tables[table].insert(), known)
    store = SqlMetadataStore(url)
    assert store.get(Run, run.id) == unlabelled(run)
    assert store.get(StepRun, step.id) == replace(unlabelled(step), immovable=(), shared=())
    assert store.get(ArtifactVersion, version.id) == version
    assert store.get(EnvironmentSnapshot, snapshot.digest) == snapshot
    store.close()


def test_data_outlives_every_step_down_and_up_again(engine, url):
    store = SqlMetadataStore(url)
    one, version = a_step("clean[1]")
    kept = [a_run(), a_snapshot(), *a_step("clean", full=True)]
    store.append([*kept, replace(one, element="d1"), version])
    revisions = sorted(schema._known_revisions())
    for revision in (*revisions[-2::-1], *revisions[1:]):
        move(engine, revision)
    run, snapshot, _, version = kept
    assert store.get(Run, run.id) == unlabelled(run)
    assert store.get(EnvironmentSnapshot, snapshot.digest) == snapshot
    assert store.get(ArtifactVersion, version.id) == version
    assert [(found.step, found.element) for found in store.find(Query(StepRun)).items] == [
        ("clean", "")
    ]
    store.close()


def test_models_outlive_what_is_below_them_only(engine, url):
    """Without tables for them, what they grouped stays and can be grouped again."""
    store = SqlMetadataStore(url)
    weights, grouping = a_version("w"), a_model_version("churn")
    store.append([weights, replace(grouping, artifacts={"weights": weights.id})])
    store.append([promotion(grouping, ModelStages.PRODUCTION), Alias(grouping.id, "best")])
    move(engine, "0008")
    move(engine, "0009")
    assert [store.find(Query(kind)).total for kind in (Model, ModelVersion, Promotion)] == [0] * 3
    assert store.get(ArtifactVersion, weights.id).name == "w"
    (again,) = versions_of(store, 1)
    store.append([promotion(again, ModelStages.PRODUCTION), Alias(again.id, "best")])
    assert store.get(ModelVersion, again.id).aliases == ("best",)
    store.close()


def test_no_writer_can_give_a_stage_twice(engine, url):
    """Whatever program it is, the database itself refuses."""
    store = SqlMetadataStore(url)
    versions_of(store, 2)
    store.close()
    with engine.begin() as connection:
        connection.execute(text("UPDATE model_versions SET stage = 'archived'"))
    with engine.connect() as connection, pytest.raises(IntegrityError):
        connection.execute(text("UPDATE model_versions SET stage = 'production'"))


def test_what_was_recorded_before_is_that_of_the_project_that_opens_first(engine, url):
    store = SqlMetadataStore(url)
    store.append([a_run(), *a_step("clean")])
    store.close()
    move(engine, "0007")
    first, second = SqlMetadataStore(url, "churn"), SqlMetadataStore(url)
    assert [first.find(Query(kind)).total for kind in (Run, StepRun, Artifact)] == [1, 1, 1]
    assert [second.find(Query(kind)).total for kind in (Run, StepRun, Artifact)] == [0, 0, 0]
    assert first.get(Project, "churn").created == a_run().started
    assert [found.version for found in first.find(Query(ArtifactVersion, latest_only=True)).items]
    first.close()
    second.close()


def test_artifacts_of_one_name_are_told_apart_where_there_are_no_projects(engine, url):
    first, second = SqlMetadataStore(url, "first"), SqlMetadataStore(url, "second")
    first.append([a_version("a")])
    second.append([a_version("a"), a_version("a"), a_version("b")])
    move(engine, "0007")
    move(engine, "0008", "first")
    second.close()
    found = first.find(Query(ArtifactVersion, newest_first=False)).items
    assert sorted((one.name, one.version) for one in found) == [
        *(("a", 1), ("b", 1), ("second/a", 1), ("second/a", 2)),
    ]
    assert first.find(Query(Project)).total == 1
    first.close()


def test_keys_count_again_once_a_migration_is_over(engine, url):
    store = SqlMetadataStore(url)
    store.append([a_run()])
    move(engine, "0007")
    move(engine, "0008")
    with pytest.raises(MetadataError, match="never recorded"):
        store.append([replace(a_step("clean")[0], run_id="nowhere")])
    with engine.connect() as connection:
        connection.execute(text("INSERT INTO step_inputs VALUES ('a', 0, 'x', 'nowhere')"))
        with pytest.raises(IntegrityError):
            connection.commit()
    store.close()


def test_a_migration_that_fails_leaves_the_database_as_it_was(url, monkeypatch):
    def fail(connection, project):
        schema.migrate(connection, "head")
        raise OSError("the machine stopped")

    monkeypatch.setattr(schema, "upgrade", fail)
    with pytest.raises(Exception, match="the machine stopped"):
        open_database(url)
    monkeypatch.undo()
    store = SqlMetadataStore(url)
    assert store.find(Query(Run)).total == 0
    store.close()


def test_an_older_database_is_brought_up_to_date_when_it_is_opened(engine, url):
    move(engine, "0001")
    store = SqlMetadataStore(url)
    assert store.find(Query(Run)).total == 0
    store.close()
    with engine.connect() as connection:
        assert schema.is_current(connection)


def test_the_newest_versions_of_before_are_listed_by_when_they_were_made(engine, url):
    store = SqlMetadataStore(url)
    made = (("a", 1.0), ("b", 2.0), ("a", 3.0), ("c", 1.5))
    store.append([replace(a_version(name), created=created) for name, created in made])
    move(engine, "0009")
    move(engine, "0010")
    found = store.find(Query(ArtifactVersion, latest_only=True)).items
    assert [version.name for version in found] == ["a", "b", "c"]
    store.close()


def refusal(url):
    store = SqlMetadataStore(url)
    with pytest.raises(MetadataError) as caught:
        store.find(Query(Run))
    store.close()
    return str(caught.value)


def test_a_newer_database_asks_for_an_upgrade_of_the_package(engine, url):
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert "revision 9999" in (words := refusal(url))
    assert "Upgrade jupyter_mlpipe" in words


def test_another_programs_database_is_not_touched(url):
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE songs (title TEXT)"))
    assert "another program (songs)" in refusal(url)
    with engine.begin() as connection:
        assert inspect(connection).get_table_names() == ["songs"]
    engine.dispose()


def test_an_up_to_date_database_is_opened_without_alembic(engine, url):
    code = (
        "import sys; from jupyter_mlpipe.tracking.database import open_database;"
        f"open_database({url!r}).dispose(); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=".").returncode == 0
