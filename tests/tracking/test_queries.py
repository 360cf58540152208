import pytest
from sqlalchemy.dialects import sqlite

from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.environment import EnvironmentSnapshot
from jupyter_mlpipe.model.errors import MetadataError
from jupyter_mlpipe.model.run import Run, Status, StepRun
from jupyter_mlpipe.tracking import queries
from jupyter_mlpipe.tracking.database import open_database
from jupyter_mlpipe.tracking.store import Query


def statement(**query):
    return queries.rows_of(queries.shape_of(Query(Run, **query)))


def test_questions_that_differ_in_values_alone_share_a_statement():
    asked = statement(where={"pipeline": "a"}, limit=1)
    assert asked is statement(where={"pipeline": "b"}, limit=20, offset=3)
    assert asked is not statement(where={"pipeline": None})


def test_lists_of_about_the_same_length_share_a_statement():
    five, eight = (tuple(map(str, range(count))) for count in (5, 8))
    assert statement(where={"id": five}) is statement(where={"id": eight})
    values = queries.values_of(Query(Run, {"id": five}))
    assert {value for name, value in values.items() if name.startswith("id_")} == set(five)


def plan(database, statement, values):
    """How SQLite goes about it."""
    compiled = statement.compile(dialect=sqlite.dialect(paramstyle="named"))
    text, values = str(compiled), {**compiled.params, **values}
    with database.connect() as connection:
        found = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {text}", values)
        return " / ".join(step[-1] for step in found)


@pytest.fixture
def database(tmp_path):
    """An empty one: what the planner knows, it was told."""
    engine = open_database(f"sqlite:///{tmp_path / 'metadata.db'}")
    yield engine
    engine.dispose()


RAN = {"pipeline": "p", "step": "s", "status": (Status.SUCCEEDED, Status.CACHED)}
NUMBER = "(project=? AND name=?"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(ArtifactVersion), "artifact_versions_by_start (project=?)"),
        (Query(ArtifactVersion, {"name": "a"}), NUMBER),
        (Query(ArtifactVersion, name_pattern="a*"), NUMBER),
        (Query(ArtifactVersion, latest_only=True), f"{NUMBER} AND version=?)"),
        (Query(ArtifactVersion, {"variable": "x"}), "by_variable (project=? AND variable=?)"),
        (Query(ArtifactVersion, {"type": "MODEL"}), "by_type (project=? AND type=?)"),
        (Query(ArtifactVersion, {"name": "a", "digest": "d"}), "by_digest (project=? AND digest=?"),
        (Query(ArtifactVersion, {"step_run": "s"}), "by_step_run (step_run=?)"),
        (Query(ArtifactVersion, {"id": "i"}), "(id=?)"),
        (Query(Run, {"pipeline": "p"}), "runs_by_pipeline (project=? AND pipeline=?)"),
        (Query(StepRun, {"run_id": "r"}), "step_runs_by_run (run_id=?)"),
        (Query(StepRun, {**RAN, "cell_hash": "h"}), "step_runs_by_code (project=? AND cell_hash=?"),
        (Query(StepRun, RAN), "step_runs_by_step (project=? AND pipeline=? AND step=?"),
        (Query(StepRun, {"input": "v"}), "step_inputs_by_version (version_id=?)"),
    ],
)
def test_an_index_leads_to_what_is_asked_for(database, query, expected):
    shape, values = queries.shape_of(query), {**queries.values_of(query), "project": "p"}
    assert expected in plan(database, queries.rows_of(shape), values)


def test_an_environment_is_not_searched_by_tags():
    with pytest.raises(MetadataError, match="no tags"):
        queries.rows_of(queries.shape_of(Query(EnvironmentSnapshot, tags=("x",))))


def test_versions_downstream_are_read_from_an_index_alone(database):
    found = plan(database, queries.edges_of("downstream"), {"version": "v", "most": 9})
    assert "USING COVERING INDEX artifact_versions_by_step_run" in found
    assert "SCAN artifact_versions" not in found
    assert "SCAN step_inputs" not in found
