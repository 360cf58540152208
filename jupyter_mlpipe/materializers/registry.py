"""Which materializer keeps which value."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from jupyter_mlpipe.materializers.arrays import NumpyMaterializer
from jupyter_mlpipe.materializers.arrow_tables import ArrowMaterializer
from jupyter_mlpipe.materializers.base import Materializer
from jupyter_mlpipe.materializers.boosters import BoosterMaterializer
from jupyter_mlpipe.materializers.bundle import BundleMaterializer
from jupyter_mlpipe.materializers.cloudpickled import CloudpickleMaterializer
from jupyter_mlpipe.materializers.custom import (
    BaseMaterializer,
    CustomMaterializer,
    custom_for,
    custom_named,
)
from jupyter_mlpipe.materializers.documents import DocumentMaterializer
from jupyter_mlpipe.materializers.estimators import EstimatorMaterializer
from jupyter_mlpipe.materializers.figures import FigureMaterializer
from jupyter_mlpipe.materializers.frames import PandasMaterializer
from jupyter_mlpipe.materializers.hugging_face import DatasetMaterializer, TokenizerMaterializer
from jupyter_mlpipe.materializers.images import ImageMaterializer, OpenedImageMaterializer
from jupyter_mlpipe.materializers.keras_models import KerasMaterializer
from jupyter_mlpipe.materializers.links import LinkMaterializer
from jupyter_mlpipe.materializers.networks import ModuleMaterializer, TensorMaterializer
from jupyter_mlpipe.materializers.paths import FilesMaterializer
from jupyter_mlpipe.materializers.plain import PlainMaterializer
from jupyter_mlpipe.materializers.plotly_figures import PlotlyMaterializer
from jupyter_mlpipe.materializers.polars_frames import PolarsMaterializer
from jupyter_mlpipe.materializers.records import RecordMaterializer
from jupyter_mlpipe.materializers.sparse import SparseMaterializer
from jupyter_mlpipe.materializers.state_dicts import StateDictMaterializer
from jupyter_mlpipe.materializers.texts import TextMaterializer
from jupyter_mlpipe.model.errors import ValueNotLoadableError

_GROUP = "jupyter_mlpipe.materializers"


def default_registry() -> MaterializerRegistry:
    """Our own families, and before them those of installed packages."""
    return MaterializerRegistry(
        (
            PlainMaterializer(),
            TextMaterializer(),
            NumpyMaterializer(),
            PandasMaterializer(),
            PolarsMaterializer(),
            ArrowMaterializer(),
            SparseMaterializer(),
            DatasetMaterializer(),
            EstimatorMaterializer(),
            BoosterMaterializer(),
            KerasMaterializer(),
            ModuleMaterializer(),
            TensorMaterializer(),
            StateDictMaterializer(),
            TokenizerMaterializer(),
            FigureMaterializer(),
            PlotlyMaterializer(),
            ImageMaterializer(),
            OpenedImageMaterializer(),
            DocumentMaterializer(),
            RecordMaterializer(),
            CloudpickleMaterializer(),  # takes everything: what follows is asked for by name
            BundleMaterializer(),
            LinkMaterializer(),
            FilesMaterializer(),
            CustomMaterializer(),
        ),
        plugins=_GROUP,
    )


class MaterializerRegistry:
    """Asks each materializer in turn.

    Args:
        families: Ours, in the order they are asked.
        plugins: Group of entry points that give more, each a class without arguments or one
            derived from `BaseMaterializer`. They are loaded on first use and asked first: who
            installs one wants it.
    """

    def __init__(self, families: Sequence[Materializer], plugins: str | None = None) -> None:
        self._families = families
        self._plugins = plugins

    def for_value(self, value: Any) -> Materializer:
        """A class of the user's for its type, else the first that brings `value` back exactly."""
        families = self._all  # packages may bring classes like the user's
        return custom_for(value) or next(known for known in families if known.accepts(value))

    def named(self, name: str) -> Materializer:
        """The one that wrote an artifact, or a class of the user's.

        Raises:
            ValueNotLoadableError: It is not installed here.
        """
        for known in self._all:
            if known.name == name:
                return known
        custom = custom_named(name)
        if custom is not None:
            return custom
        names = ", ".join(known.name for known in self._all)
        raise ValueNotLoadableError(
            f"No materializer {name!r} is installed, only {names}. "
            "Install the package that provides it."
        )

    @cached_property
    def _all(self) -> tuple[Materializer, ...]:
        return (*self._load_plugins(), *self._families)

    def _load_plugins(self) -> Iterator[Materializer]:
        ours = {known.name for known in self._families}
        for entry in _installed(self._plugins, _places()) if self._plugins else ():
            try:
                kind = entry.load()
                if issubclass(kind, BaseMaterializer):
                    continue  # to be there is enough
                plugin = kind()
            except Exception as error:  # noqa: BLE001  # a broken package must not stop the rest
                warnings.warn(f"The materializer {entry.value} is left out: {error}", stacklevel=2)
                continue
            if plugin.name not in ours:  # stored artifacts name ours
                yield plugin


def _places() -> tuple[tuple[str, object], ...]:
    """Where packages are installed, and what tells that others are there by now."""
    return tuple((place, _state(place)) for place in sys.path)


def _state(place: str) -> object:
    """In a folder of packages alone, when something was there last; elsewhere that says nothing."""
    try:
        if place.endswith(_FOR_PACKAGES):
            return os.stat(place).st_mtime  # noqa: PTH116 - Path costs several times as much
        return tuple(n for n in os.listdir(place or ".") if n.endswith(_DESCRIBES))  # noqa: PTH208
    except OSError:
        return None


_FOR_PACKAGES = ("site-packages", "dist-packages")
_DESCRIBES = (".dist-info", ".egg-info")


@lru_cache(maxsize=1)
def _installed(group: str, places: tuple[tuple[str, object], ...]) -> tuple[EntryPoint, ...]:
    """To read what each package brings takes longer than to store a small value."""
    return tuple(entry_points(group=group))
