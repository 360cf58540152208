"""Alembic's entry: migrates over the connection, and in the transaction, that `schema` hands in."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from jupyter_mlpipe.tracking.tables import METADATA

connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    # It alters no table of which rows changed that are yet to be checked.
    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
context.run_migrations()
