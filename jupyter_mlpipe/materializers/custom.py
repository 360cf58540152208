"""Materializers of the user's own, written as for ZenML: in a cell, or in a package."""

from __future__ import annotations

import base64
import importlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, unquote

from jupyter_mlpipe.materializers.base import Materializer
from jupyter_mlpipe.materializers.naming import belongs_to_notebook
from jupyter_mlpipe.materializers.previews import text_preview
from jupyter_mlpipe.materializers.texts import text_shown
from jupyter_mlpipe.model.artifact import ArtifactType, Preview, VisualizationType
from jupyter_mlpipe.model.errors import ValueNotLoadableError, ValueNotStorableError
from jupyter_mlpipe.model.labels import plain_metadata

_ABOUT, _CODE, _CONTENT = "about.json", "class.pickle", "content-"
_STORED = "_mlpipe_stored"
"""Marks a class that came out of the store; a cell's own class of that name counts before it."""


class BaseMaterializer:
    """Derive from it, and write `load` and `save`; values of the types are then stored so."""

    ASSOCIATED_TYPES: ClassVar[tuple[type, ...]] = ()
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.BASE

    def __init__(self, uri: str) -> None:
        self.uri = uri
        """A folder, empty for `save`; subfolders may be made in it."""

    def load(self, data_type: type[Any]) -> Any:
        """Bring the value back from the files below `self.uri`, which are not to be changed."""
        raise NotImplementedError

    def save(self, data: Any) -> None:
        """Write the value to files below `self.uri`."""
        raise NotImplementedError

    def extract_metadata(self, data: Any) -> Mapping[str, Any]:
        """What is worth knowing about the value, such as its shape."""
        return {}

    def save_visualizations(self, data: Any) -> Mapping[str, VisualizationType]:
        """Write files that show the value below `self.uri`; each path with its kind."""
        return {}


class CustomMaterializer(Materializer):
    """Runs a class of the user's.

    A class of the notebook is stored with each value, so that it loads where no cell defines it.

    Args:
        kind: The class that saves; what loads is told by the stored files.
    """

    name: ClassVar[str] = "custom"
    pickled: ClassVar[bool] = True

    def __init__(self, kind: type[BaseMaterializer] = BaseMaterializer) -> None:
        self._kind = kind
        self.artifact_type = ArtifactType(kind.ASSOCIATED_ARTIFACT_TYPE)  # type: ignore[misc]

    def accepts(self, value: Any) -> bool:
        """What the class says; one that says nothing takes whatever it is given by name."""
        return issubclass(type(value), self._kind.ASSOCIATED_TYPES or object)

    def save(self, value: Any, directory: Path) -> None:
        """Files in subfolders get their path as a name."""
        if self._kind.save is BaseMaterializer.save:
            raise ValueNotStorableError(f"{self._kind.__name__} has no method `save`.")
        about = {"type": _place(type(value)), "class": _place(self._kind)}
        if belongs_to_notebook(self._kind):
            import cloudpickle

            (directory / _CODE).write_bytes(cloudpickle.dumps(self._kind))
        (directory / _ABOUT).write_text(json.dumps(about), encoding="utf-8")
        with tempfile.TemporaryDirectory(prefix="mlpipe-") as folder:
            self._kind(folder).save(value)
            for path in _files_below(Path(folder)):
                name = quote(path.relative_to(folder).as_posix(), safe="")
                shutil.move(path, directory / f"{_CONTENT}{name}")

    def load(self, directory: Path) -> Any:
        """With the class that saved the value."""
        about = json.loads((directory / _ABOUT).read_bytes())
        kind = _class_of(directory, about["class"])
        with tempfile.TemporaryDirectory(prefix="mlpipe-") as folder:
            for path in directory.glob(f"{_CONTENT}*"):
                target = Path(folder) / unquote(path.name.removeprefix(_CONTENT))
                target.parent.mkdir(parents=True, exist_ok=True)
                _link(path, target)
            return kind(folder).load(_find(about["type"]))

    def summary(self, value: Any) -> Mapping[str, object]:
        """What the class extracts, and its name."""
        found = plain_metadata(self._kind("").extract_metadata(value) or {})
        return {**found, "materializer": self._kind.__qualname__}

    def preview(self, value: Any) -> Preview | None:
        """The first visualization that the class writes, else the representation."""
        with tempfile.TemporaryDirectory(prefix="mlpipe-") as folder:
            shown = self._kind(folder).save_visualizations(value) or {}
            for path, how in shown.items():
                return _PREVIEWS[VisualizationType(how)](Path(folder) / path)
        return text_preview(value)


def custom_for(value: Any) -> CustomMaterializer | None:
    """The class for a value's type that was defined last; None without one."""
    for kind in _classes():
        if kind.ASSOCIATED_TYPES and issubclass(type(value), kind.ASSOCIATED_TYPES):
            return CustomMaterializer(kind)
    return None


def custom_named(name: str) -> CustomMaterializer | None:
    """The class of that name that was defined last; None without one."""
    return next((CustomMaterializer(kind) for kind in _classes() if kind.__name__ == name), None)


def _classes() -> Iterator[type[BaseMaterializer]]:
    """Those that live code defines, the last one first."""
    return (kind for kind in _derived() if _STORED not in vars(kind))


def _derived() -> Iterator[type[BaseMaterializer]]:
    waiting = list(BaseMaterializer.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        yield kind


def _place(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _find(place: str) -> Any:
    module, _, name = place.partition(":")
    try:
        found: Any = sys.modules.get(module) or importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        own = module == "__main__"
        where = "Run the cell that defines it" if own else f"Install {module.partition('.')[0]}"
        raise ValueNotLoadableError(
            f"The value needs `{name}`, which is not there ({error}). {where}, then try again.",
            definition=name.partition(".")[0] if own else "",
        ) from error
    return found


def _class_of(directory: Path, place: str) -> type[BaseMaterializer]:
    code = directory / _CODE
    if not code.exists():
        kind: type[BaseMaterializer] = _find(place)
        return kind
    import cloudpickle

    known = list(_derived())  # held, so that no other takes the place of one that goes
    stored: type[BaseMaterializer] = cloudpickle.loads(code.read_bytes())
    for fresh in _derived():  # cloudpickle may make one, and drop it for one that it knows
        if not any(fresh is one for one in known):
            setattr(fresh, _STORED, True)
    return stored


def _files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another device, or a file system without links
        shutil.copy(source, target)


def _shown_as(ending: str) -> Callable[[Path], Preview]:
    return lambda path: text_shown(ending, path.read_text(encoding="utf-8", errors="replace"))


def _shown_image(path: Path) -> Preview:
    """Only PNG is shown; anything else could be more than an image."""
    data = path.read_bytes()
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return Preview("text", text=f"{path.name} is no PNG image")
    return Preview("image", image=base64.b64encode(data).decode())


_PREVIEWS: Mapping[VisualizationType, Callable[[Path], Preview]] = {
    VisualizationType.CSV: _shown_as(".csv"),
    VisualizationType.MARKDOWN: _shown_as(".md"),
    VisualizationType.HTML: _shown_as(".html"),
    VisualizationType.JSON: _shown_as(".json"),
    VisualizationType.IMAGE: _shown_image,
}
