import pytest
from sqlalchemy import bindparam, select

from jupyter_mlpipe.testing.records import a_run
from jupyter_mlpipe.tracking import rows
from jupyter_mlpipe.tracking.database import open_database
from jupyter_mlpipe.tracking.driver import Driver
from jupyter_mlpipe.tracking.tables import RUNS
from jupyter_mlpipe.tracking.writing import write

ONE = select(RUNS).where(RUNS.c.id == bindparam("id"))


@pytest.fixture
def driver(url):
    driver = Driver(open_database(url), {"project": "churn"})
    yield driver
    driver.dispose()


def found(driver, id):
    with driver.transaction() as transaction:
        return transaction.rows(ONE, {"id": id})


def _write_and_fail(transaction):
    write(transaction, [a_run("r1")])
    raise KeyError


def test_rows_hold_what_their_columns_mean(driver):
    run = a_run("r1")
    with driver.transaction(writing=True) as transaction:
        write(transaction, [run])
    (row,) = found(driver, "r1")
    assert row == {**rows.run_row(run), "project": "churn"}


def test_a_transaction_that_breaks_off_leaves_nothing(driver):
    with pytest.raises(KeyError), driver.transaction(writing=True) as transaction:
        _write_and_fail(transaction)
    assert found(driver, "r1") == []


def test_a_transaction_reads_one_moment(driver):
    with driver.transaction() as reading:
        assert reading.rows(ONE, {"id": "r1"}) == []
        with driver.transaction(writing=True) as writing:
            write(writing, [a_run("r1")])
        assert reading.rows(ONE, {"id": "r1"}) == []
    assert len(found(driver, "r1")) == 1
