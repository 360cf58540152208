"""Alembic's entry: migrates over the connection, and in the transaction, that `schema` hands in."""

from __future__ import annotations

from alembic import context

from jupyter_mlpipe.tracking.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
)
context.run_migrations()
