"""What SQLite's planner is told of the tables, once and for all.

Without statistics it takes any index that begins with an equality to leave ten rows, and reads a
whole project where a name was asked for. Statistics of its own would be those of the day on which
somebody had them made, mostly of an empty database. So it is told of a large one, for a small one
is fast whatever it does. The format is that of `sqlite_stat1`: the rows of an index, then how many
have the same first column, the same first two, and so on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, inspect, text

_MOST = 1_000_000
_ROWS = {
    "projects": 2,
    "environments": 100,
    "models": 200,
    "schedules": 200,
    "artifacts": 4_000,
    "model_versions": 20_000,
    "promotions": 40_000,
    "runs": 40_000,
}
"""How many there may be in tables that are not among the largest."""
_VALUES = {
    "project": 2,
    "type": 2,
    "element": 2,
    "status": 4,
    "stage": 4,
    "position": 4,
    "variable": 20,
    "pipeline": 20,
    "step": 50,
    "model": 100,
    "version": 500,
    "version_name": 500,
    "name": 2_000,
    "run_id": 20_000,
    "engine_run_id": 20_000,
}
"""How many different ones there may be; what is not here is nearly unique."""
_SEVERAL = 4
"""Rows that a nearly unique value may have."""


def tell_planner(connection: Connection) -> None:
    """Put the estimates in the place of any statistics, for this connection and later ones."""
    connection.execute(text("ANALYZE projects"))  # makes the table of statistics, and is small
    connection.execute(text("DELETE FROM sqlite_stat1"))
    told = list(_told(connection))
    connection.execute(text("INSERT INTO sqlite_stat1 VALUES (:tbl, :idx, :stat)"), told)
    connection.execute(text("ANALYZE sqlite_schema"))  # has them read again


def _told(connection: Connection) -> Iterator[dict[str, str]]:
    for table in inspect(connection).get_table_names():
        for _, name, unique, *_ in connection.execute(text(f'PRAGMA index_list("{table}")')).all():
            known = connection.execute(text(f'PRAGMA index_info("{name}")')).all()
            numbers = _numbers(_ROWS.get(table, _MOST), [column for _, _, column in known])
            numbers[-1] = 1 if unique else numbers[-1]
            yield {"tbl": table, "idx": name, "stat": " ".join(map(str, numbers))}


def _numbers(rows: int, columns: Sequence[str]) -> list[int]:
    numbers = [rows]
    for column in columns:
        left = numbers[-1] // _VALUES[column] if column in _VALUES else min(numbers[-1], _SEVERAL)
        numbers.append(max(left, 1))
    return numbers
