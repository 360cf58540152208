"""The release of the package that a stored value comes from, told where it does not load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from jupyter_mlpipe.materializers.versions import difference, made_with
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.errors import MlpipeError, UntrustedError, ValueNotLoadableError

_MADE_WITH = "made_with"


def with_release(summary: Mapping[str, object], value: Any) -> Mapping[str, object]:
    """What a materializer says of a value, and which release the value was made with."""
    made = made_with(value)
    return {**summary, _MADE_WITH: made} if made else summary


@contextmanager
def telling_releases(version: ArtifactVersion) -> Iterator[None]:
    """Within the block, a value that does not load says if another release made it."""
    told = difference(str(version.summary.get(_MADE_WITH, "")))
    try:
        yield
    except ValueNotLoadableError as error:
        if not told or error.definition or isinstance(error, UntrustedError):
            raise
        raise ValueNotLoadableError(f"{error} {told}") from error
    except MlpipeError:
        raise
    except Exception as error:  # any library may raise anything at what another release wrote
        raise ValueNotLoadableError(
            f"The value cannot be brought back here: {type(error).__name__}: {error}. "
            f"{told or 'Make it again with --no-cache.'}"
        ) from error
