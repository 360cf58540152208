"""A PostgreSQL database, which a team shares."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import URL, Connection, Engine, create_engine, event

from jupyter_mlpipe.model.errors import MetadataError
from jupyter_mlpipe.tracking import schema

if TYPE_CHECKING:
    import psycopg

_EXAMPLE = "postgresql+psycopg://me@host/database"
_REACH = {
    # A server that does not answer at all holds up a cell for these seconds, once in a while.
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 10_000,
    "client_encoding": "utf8",
    "application_name": "jupyter_mlpipe",
}
"""libpq's own options, unless the URL sets them."""
_LIMITS = {"lock_timeout": "10s", "statement_timeout": "20s"}
"""How long a server that answers may take, unless the server or the role says otherwise."""
_ONE_AT_A_TIME = 7_365_013_120
"""The lock that one process at a time holds to migrate; a number nobody else uses."""
_AWAY = "the server cannot be reached. Check that it runs and that metadata_store leads to it"
_FULL = "the server's disk is full. Free some space there; nothing was recorded."
_BUSY = "the server takes no more connections. Try again, or raise its max_connections."
_REFUSED = (
    "the server refuses this user or password. Check them in metadata_store, PGPASSWORD or "
    "~/.pgpass."
)
_NO_RIGHTS = (
    "this user may not do that. Ask for the rights to create, read and write tables in this "
    "database."
)
_READ_ONLY = "it may only be read, as a standby server. Set metadata_store to its primary server."
_LOCKED = "others have been writing for too long. Try again when they have ended."
_STOPPING = "the server is starting or stopping. Try again in a moment."
_UNIQUE = "23505"
_NAME_TAKEN = "one_version_per_name"
_BY_STATE = {
    "08": f"{_AWAY}.",
    "25006": _READ_ONLY,
    "28": _REFUSED,
    "3D000": "there is no such database. Create it with createdb, or set metadata_store.",
    "3F000": "there is no schema to make tables in. Check the search_path.",
    "40": _LOCKED,
    "42501": _NO_RIGHTS,
    "53100": _FULL,
    "53200": "the server is out of memory. Nothing was recorded.",
    "53300": _BUSY,
    "55P03": _LOCKED,
    "57014": "the server took too long. Ask for less at once, or try again when it is less busy.",
    "57P": _STOPPING,
    "23503": "a record names a run, step run or artifact version that was never recorded.",
    "22003": "a number is too large for the database.",
}
"""By SQLSTATE or its beginning."""
_BY_WORDS = {
    "password authentication failed": _REFUSED,
    "no password supplied": _REFUSED,
    "no pg_hba.conf entry": _REFUSED,
    "role": _REFUSED,
    "too many clients": _BUSY,
    "remaining connection slots": _BUSY,
    "starting up": _STOPPING,
    "shutting down": _STOPPING,
    "database": _BY_STATE["3D000"],
}
"""Of a server that was reached and refused the connection, which comes without a SQLSTATE."""


class Postgres:
    """Reached through psycopg. Rows are locked when they are written, not the whole database."""

    reading: ClassVar[str] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    writing: ClassVar[str] = "BEGIN"

    def make_engine(self, url: URL) -> Engine:
        """See `Backend.make_engine`."""
        if url.drivername not in ("postgresql", "postgresql+psycopg"):
            raise MetadataError(
                f"metadata_store asks for {url.drivername}, and PostgreSQL is reached through "
                f"psycopg. Expected a URL such as {_EXAMPLE}."
            )
        try:
            import psycopg  # noqa: F401
        except ImportError as error:
            raise MetadataError(
                "A metadata store in PostgreSQL needs psycopg. Install it with "
                "`pip install 'jupyter_mlpipe[postgres]'`."
            ) from error
        reach = {name: value for name, value in _REACH.items() if name not in url.query}
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            paramstyle="format",  # parameters by position, as SQLite has them
            connect_args=reach,
            json_serializer=_json,
            pool_pre_ping=True,
            pool_timeout=10,
        )
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", self._begin)
        return engine

    def failures(self) -> tuple[type[Exception], ...]:
        """See `Backend.failures`."""
        import psycopg

        return (psycopg.Error,)

    def sentence(self, error: Exception) -> str | None:
        """See `Backend.sentence`."""
        state = getattr(error, "sqlstate", None) or ""
        if state == _UNIQUE:
            return _taken(str(error))
        by_state = (words for sign, words in _BY_STATE.items() if state.startswith(sign))
        return next(by_state, None) or (None if state else _unreached(str(error)))

    def unreachable(self, error: Exception) -> bool:
        """See `Backend.unreachable`."""
        sentence = self.sentence(error) or ""
        return sentence == _STOPPING or sentence.startswith(_AWAY)

    def name_taken(self, error: Exception) -> bool:
        """See `Backend.name_taken`."""
        return getattr(error, "sqlstate", None) == _UNIQUE and _NAME_TAKEN in str(error)

    def place(self, url: URL) -> str:
        """See `Backend.place`."""
        host = url.host or url.query.get("host") or "this machine"
        port = f":{url.port}" if url.port else ""
        return f"{url.database or url.username or ''} on {host}{port}"

    def _begin(self, connection: Connection) -> None:
        """Migrations alone write over SQLAlchemy's own connections, one process at a time."""
        connection.exec_driver_sql(self.writing)
        if connection.get_execution_options().get(schema.MIGRATING):
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})")


def _taken(found: str) -> str | None:
    if _NAME_TAKEN in found:
        return (
            "a version with this name already exists, and versions never change. Choose another "
            "version name."
        )
    if "artifact_versions" in found or "one_version_per_number" in found:
        return "this artifact version is already recorded, and versions never change."
    if "model_versions" in found:
        return "this model version is already recorded, and versions never change."
    return None


def _unreached(found: str) -> str | None:
    refused = found.partition("FATAL:")[2]
    if refused:
        return next((words for sign, words in _BY_WORDS.items() if sign in refused), None)
    lines = [line.strip() for line in found.splitlines() if line.strip()]
    return f"{_AWAY} ({lines[0]})." if lines else f"{_AWAY}."


def _prepare(connection: psycopg.Connection, _record: object) -> None:
    connection.autocommit = True  # no transaction begins unless we say so
    connection.adapters.register_dumper(str, _text_dumper())
    for name, value in _LIMITS.items():
        connection.execute(
            "SELECT set_config(%s, %s, false) WHERE current_setting(%s) = '0'", (name, value, name)
        )


def _text_dumper() -> type[psycopg.adapt.Dumper]:
    from psycopg.types.string import StrDumperUnknown

    class TextDumper(StrDumperUnknown):
        """PostgreSQL holds no NUL; an error message that has one is kept with the sign for it."""

        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "\N{SYMBOL FOR NULL}"))

    return TextDumper


def _json(value: object) -> str:
    """JSON has no NaN and no infinity, and PostgreSQL insists; they become text."""
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
