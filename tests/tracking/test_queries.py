import pytest
from sqlalchemy.dialects import sqlite

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


def test_runs_of_the_same_code_are_found_without_a_look_at_all_runs_of_the_step(tmp_path):
    where = {"pipeline": "p", "step": "s", "status": Status.SUCCEEDED, "element": ""}
    asked = Query(StepRun, {**where, "cell_hash": "h"}, limit=20)
    text = str(queries.rows_of(queries.shape_of(asked)).compile(dialect=sqlite.dialect()))
    engine = open_database(f"sqlite:///{tmp_path / 'metadata.db'}")
    with engine.connect() as connection:
        values = ("p", "s", "succeeded", "", "h", "default", 20, 0)
        (step,) = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()
    engine.dispose()
    assert "USING INDEX step_runs_by_code" in step.detail


def test_an_environment_is_not_searched_by_tags():
    with pytest.raises(MetadataError, match="no tags"):
        queries.rows_of(queries.shape_of(Query(EnvironmentSnapshot, tags=("x",))))


def test_versions_downstream_are_read_from_an_index_alone(tmp_path):
    text = str(queries.edges_of("downstream").compile(dialect=sqlite.dialect()))
    engine = open_database(f"sqlite:///{tmp_path / 'metadata.db'}")
    with engine.connect() as connection:
        values = (0,) * text.count("?")
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()
    engine.dispose()
    words = " ".join(step.detail for step in plan)
    assert "USING COVERING INDEX artifact_versions_by_step_run" in words
    assert "SCAN artifact_versions" not in words
    assert "SCAN step_inputs" not in words
