"""From what a person calls a version of a model to that version."""

from __future__ import annotations

import difflib
import string

from jupyter_mlpipe.model.errors import NotFoundError
from jupyter_mlpipe.model.models import LATEST, SINGULAR, Model, ModelStages, ModelVersion
from jupyter_mlpipe.tracking.store import MetadataStore, Query

_SEEN = 10_000
_SHORTEST_PREFIX = 8


def find_model(store: MetadataStore, name: str) -> Model:
    """The model of this name.

    Raises:
        NotFoundError: There is none; names those that are close.
    """
    found = store.find(Query(Model, {"name": name}, limit=1)).items
    if found:
        return found[0]
    known = [model.name for model in store.find(Query(Model, limit=_SEEN)).items]
    close = difflib.get_close_matches(name, known, n=3)
    words = f"Close are {', '.join(map(repr, close))}." if close else _other(known)
    raise NotFoundError(f"No model is called {name!r}. {words}")


def find_model_version(
    store: MetadataStore, model: str, called: int | str | None = None
) -> ModelVersion:
    """The version of a model that is called so: its newest unless something is said.

    Args:
        store: Where to look.
        model: Its name.
        called: A number, a version name, an alias, `latest`, `staging` or `production`, an id or
            the beginning of one.

    Raises:
        NotFoundError: There is none, or several; names those that are there.
    """
    newest = find_model(store, model).last_version
    found = _called(store, model, _unprefixed(called), newest)
    if found is not None:
        return found
    if called is None or not newest:
        raise NotFoundError(f"The model {model!r} has no versions yet.")
    if str(called).lower() in (ModelStages.NONE, ModelStages.ARCHIVED):
        raise NotFoundError(
            f"Any number of versions can be {called}; say which one of {model!r} is meant. "
            f"{_known(store, model)}"
        )
    raise NotFoundError(f"The model {model!r} has no version {called!r}. {_known(store, model)}")


def find_stated_model(store: MetadataStore, stated: str) -> ModelVersion:
    """The version that `NAME` or `NAME@VERSION` means; a name may hold an @ itself.

    Raises:
        NotFoundError: There is none, or several; names those that are close.
    """
    name, separator, called = stated.rpartition("@")
    if not separator or store.find(Query(Model, {"name": stated}, limit=1)).items:
        return find_model_version(store, stated)
    return find_model_version(store, name, called)


def standing(version: ModelVersion, called: int | str | None) -> str:
    """What was asked for, where it may be another version the next time; empty where not."""
    word = LATEST if called is None else str(called)
    if word.lower() in (LATEST, *SINGULAR):
        return word.lower()
    return word if word in version.aliases else ""


def _unprefixed(called: int | str | None) -> int | str | None:
    """Numbers are shown as `v3`, and typed as text on the command line."""
    if not isinstance(called, str):
        return called
    digits = called.lower().removeprefix("v")
    return int(digits) if digits.isdecimal() else called


def _called(
    store: MetadataStore, model: str, called: int | str | None, newest: int
) -> ModelVersion | None:
    if called is None or isinstance(called, int):
        where: dict[str, object] = {"version": newest if called is None else called}
    elif called.lower() == LATEST:
        where = {"version": newest}
    elif called.lower() in SINGULAR:
        where = {"stage": called.lower()}
    else:
        where = {"called": str(called)}
    found = store.find(Query(ModelVersion, {"model": model, **where}, limit=1)).items
    by_id = _by_id(store, model, called) if isinstance(called, str) and not found else None
    return found[0] if found else by_id


def _by_id(store: MetadataStore, model: str, beginning: str) -> ModelVersion | None:
    if len(beginning) < _SHORTEST_PREFIX or set(beginning) - set(string.hexdigits):
        return None
    recent = store.find(Query(ModelVersion, {"model": model}, limit=_SEEN)).items
    found = [version for version in recent if version.id.startswith(beginning.lower())]
    return found[0] if len(found) == 1 else None


def _known(store: MetadataStore, model: str) -> str:
    page = store.find(Query(ModelVersion, {"model": model}, limit=5))
    return f"The newest of its {page.total} versions are {', '.join(map(_told, page.items))}."


def _told(version: ModelVersion) -> str:
    stage = "" if version.stage is ModelStages.NONE else version.stage.value
    words = [word for word in (version.version_name, stage, *version.aliases) if word]
    return f"{version.version} ({', '.join(words)})" if words else str(version.version)


def _other(known: list[str]) -> str:
    return "Known names: `mlpipe model list`." if known else "There is no model yet."
