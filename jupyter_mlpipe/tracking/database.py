"""Opens the database behind a metadata store, and puts its complaints into plain words."""

from __future__ import annotations

from sqlalchemy import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from jupyter_mlpipe.model.errors import MetadataError, UnreachableError, VersionTakenError
from jupyter_mlpipe.model.project import DEFAULT_PROJECT
from jupyter_mlpipe.tracking import schema
from jupyter_mlpipe.tracking.backends import EXAMPLES, backend_of


def open_database(url: str, project: str = DEFAULT_PROJECT) -> Engine:
    """An engine on an up-to-date database, made if there was none.

    Args:
        url: Of the database.
        project: Gets what was recorded before there were projects.

    Raises:
        MetadataError: There is something else in its place, or it cannot be written.
    """
    parsed = _parse(url)
    try:
        engine = backend_of(parsed).make_engine(parsed)
    except SQLAlchemyError as error:
        raise explain(error, url) from error
    try:
        with engine.connect() as connection:
            current = schema.is_current(connection)
        if not current:
            with engine.execution_options(**{schema.MIGRATING: True}).begin() as connection:
                schema.upgrade(connection, project)
    except Exception as error:
        engine.dispose()
        raise explain(error, url) from error
    return engine


def failures(url: str) -> tuple[type[Exception], ...]:
    """What a database or its driver raises where it refuses; `explain` has the words for it."""
    return (SQLAlchemyError, UnicodeEncodeError, OverflowError, *backend_of(_parse(url)).failures())


def explain(error: Exception, url: str) -> MetadataError:
    """The same complaint as one clear sentence."""
    if isinstance(error, MetadataError):
        return error
    parsed = _parse(url)
    backend = backend_of(parsed)
    original = error.orig if isinstance(error, DBAPIError) else error
    found = original if isinstance(original, Exception) else error
    sentence = backend.sentence(found) or f"{_brief(found, parsed)}."
    kinds = (
        (UnreachableError, backend.unreachable),
        (VersionTakenError, backend.name_taken),
    )
    kind = next((kind for kind, holds in kinds if holds(found)), MetadataError)
    return kind(f"Metadata store {backend.place(parsed)}: {sentence}")


def _brief(error: Exception, url: URL) -> str:
    """What is not known by heart, in the database's own words; a driver may quote the URL."""
    found = str(error).strip().partition("\n")[0].rstrip(".")
    return found.replace(url.password, "***") if url.password else found


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        parsed.get_backend_name()
    except (ArgumentError, ValueError) as error:
        raise MetadataError(
            f"metadata_store is {url.partition('://')[0][:40]!r}..., which is no database URL. "
            f"Expected one such as {EXAMPLES}."
        ) from error
    return parsed
