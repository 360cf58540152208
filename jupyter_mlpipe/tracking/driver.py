"""Statements run by the database's own driver.

SQLAlchemy says what a statement is in SQL, once; to have it run each of them takes many times as
long as SQLite does.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Engine, Executable
from sqlalchemy.engine import Dialect
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.types import TypeEngine

from jupyter_mlpipe.tracking.backends import backend_of
from jupyter_mlpipe.tracking.sqlite import in_memory

Row: TypeAlias = Mapping[str, Any]
"""By column; of a statement that is to be run, by parameter."""
_Change: TypeAlias = Callable[[Any], Any]


class Driver:
    """Runs statements on the connections of one engine.

    Args:
        engine: The database's.
        given: Parameters that every statement may have.
    """

    def __init__(self, engine: Engine, given: Row) -> None:
        self._engine = engine
        self._given = given
        self._backend = backend_of(engine.url)
        self._prepared: dict[Executable, _Prepared] = {}
        self._idle: deque[PoolProxiedConnection] = deque()
        """One connection at most: to get it from the pool and give it back each time would take
        as long as a question does. All others are the pool's."""
        self._spares = not in_memory(engine.url)

    @contextlib.contextmanager
    def transaction(self, *, writing: bool = False) -> Iterator[Transaction]:
        """Everything that is run in it happens at one moment, or not at all."""
        connection, cursor = self._begun(
            self._backend.writing if writing else self._backend.reading
        )
        try:
            yield Transaction(cursor, self._prepare)
            cursor.execute("COMMIT")
        except BaseException as error:
            self._drop(connection, error)
            raise
        self._give_back(connection)

    def dispose(self) -> None:
        """Close the connections."""
        while self._idle:
            self._idle.pop().close()
        self._engine.dispose()

    def _begun(self, begin: str) -> tuple[PoolProxiedConnection, Any]:
        """A connection in a transaction, with its cursor."""
        for idle in self._kept():
            try:
                return idle, _cursor(idle, begin)
            except BaseException as error:
                if not self._drop(idle, error):
                    raise
        # Where it was lost because the server was started anew, a new one tells if it is there.
        connection = self._engine.raw_connection()
        try:
            return connection, _cursor(connection, begin)
        except BaseException as error:
            self._drop(connection, error)
            raise

    def _kept(self) -> Iterator[PoolProxiedConnection]:
        with contextlib.suppress(IndexError):
            yield self._idle.pop()

    def _drop(self, connection: PoolProxiedConnection, error: BaseException) -> bool:
        """Give a connection to the pool, which takes back what was not committed.

        Returns:
            Whether it was lost, and nothing can be taken back.
        """
        dialect: Any = self._engine.dialect
        lost = bool(dialect.is_disconnect(error, connection, None))
        if lost:
            connection.invalidate(error)
        else:
            connection.close()
        return lost

    def _give_back(self, connection: PoolProxiedConnection) -> None:
        if self._spares and not self._idle:
            self._idle.append(connection)
        else:
            connection.close()

    def _prepare(self, statement: Executable) -> _Prepared:
        known = self._prepared.get(statement)
        if known is None:
            known = _Prepared(statement, self._engine.dialect, self._given)
            self._prepared[statement] = known
        return known


def _cursor(connection: PoolProxiedConnection, begin: str) -> Any:
    cursor = connection.cursor()
    cursor.execute(begin)
    return cursor


class Transaction:
    """An open transaction. Statements are prepared once, so they must be the same objects."""

    def __init__(self, cursor: Any, prepare: Callable[[Executable], _Prepared]) -> None:
        self._cursor = cursor
        self._prepare = prepare

    def rows(self, statement: Executable, parameters: Row) -> list[dict[str, Any]]:
        """What a statement finds, or returns."""
        prepared = self._prepare(statement)
        self._cursor.execute(prepared.text, prepared.arguments(parameters))
        prepared.describe(self._cursor.description)
        return [prepared.row(found) for found in self._cursor.fetchall()]

    def plain(self, statement: Executable, parameters: Row) -> list[tuple[Any, ...]]:
        """What a statement finds of texts and numbers, as the driver gives it: by position."""
        prepared = self._prepare(statement)
        self._cursor.execute(prepared.text, prepared.arguments(parameters))
        found: list[tuple[Any, ...]] = self._cursor.fetchall()
        return found

    def run(self, statement: Executable, parameters: Sequence[Row]) -> None:
        """A statement that finds nothing, for each set of parameters."""
        if parameters:
            prepared = self._prepare(statement)
            self._cursor.executemany(prepared.text, map(prepared.arguments, parameters))


class _Prepared:
    """A statement as text, and how its parameters and columns differ from what records hold."""

    def __init__(self, statement: Any, dialect: Dialect, given: Row) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        own = {name: v for name, v in compiled.params.items() if v is not None}
        self._fixed = {**given, **own}
        kinds = {name: compiled.binds[name].type for name in compiled.positiontup}
        self._parameters = [(name, _encoder(kinds[name], dialect)) for name in compiled.positiontup]
        self._dialect = dialect
        self._columns = getattr(statement, "exported_columns", ())
        self._names = [column.name for column in self._columns]
        self._decoders: list[tuple[str, _Change]] | None = None

    def arguments(self, parameters: Row) -> list[Any]:
        """The parameters in the order of the text."""
        given = {**self._fixed, **parameters}
        return [given[n] if encode is None else encode(given[n]) for n, encode in self._parameters]

    def describe(self, found: Sequence[Sequence[Any]]) -> None:
        """How to read columns, once a first result tells of what type they come."""
        if self._decoders is None:
            decoders = [
                (column.name, _decoder(column.type, self._dialect, type_))
                for column, (_, type_, *_) in zip(self._columns, found, strict=True)
            ]
            self._decoders = [(name, decode) for name, decode in decoders if decode]

    def row(self, found: Sequence[Any]) -> dict[str, Any]:
        """One row by column."""
        row = dict(zip(self._names, found, strict=True))
        for name, decode in self._decoders or ():
            row[name] = decode(row[name])
        return row


def _encoder(kind: TypeEngine[Any], dialect: Dialect) -> _Change | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _decoder(kind: TypeEngine[Any], dialect: Dialect, type_: object) -> _Change | None:
    return kind.dialect_impl(dialect).result_processor(dialect, type_)
