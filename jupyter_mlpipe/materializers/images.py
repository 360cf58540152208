"""Images of Pillow, stored as PNG where that is all there is to them."""

from __future__ import annotations

import base64
import io
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from jupyter_mlpipe.materializers.base import Materializer
from jupyter_mlpipe.materializers.exact import ExactMaterializer, class_name
from jupyter_mlpipe.materializers.previews import text_preview
from jupyter_mlpipe.materializers.versions import needed
from jupyter_mlpipe.model.artifact import Preview

_FILE = "image.png"
_MODES = frozenset({"1", "L", "LA", "RGB", "RGBA", "I;16"})
"""Those whose pixels PNG keeps; of palettes it keeps only what is used."""
_PIXELS = 50_000_000
"""Up to which Pillow opens files without asking whether they are an attack."""
_SIDES = (800, 400, 200, 100)
_LENGTH = 700_000
"""Characters of base64 that a preview may take."""


class ImageMaterializer(Materializer):
    """Pixels without comments, palettes or anything else that an image may carry."""

    name: ClassVar[str] = "image"

    def accepts(self, value: Any) -> bool:
        """Images that code made; those of an opened file carry what the file tells."""
        kind = getattr(sys.modules.get("PIL.Image"), "Image", None)
        return (
            kind is not None
            and type(value) is kind
            and value.mode in _MODES
            and 0 < value.width * value.height <= _PIXELS
            and not value.info
            and vars(value).get("_exif") is None
        )

    def save(self, value: Any, directory: Path) -> None:
        """Lightly compressed: more takes long, and saves little of a photograph."""
        copy = value.copy()  # writing notes the settings on the image
        copy.save(directory / _FILE, "PNG", compress_level=1)

    def load(self, directory: Path) -> Any:
        """An image of its own, without a file behind it."""
        with needed("PIL.Image").open(directory / _FILE) as opened:
            return opened.copy()

    def summary(self, value: Any) -> Mapping[str, object]:
        """Size, mode, and the class."""
        return _described(value)

    def preview(self, value: Any) -> Preview | None:
        """A small PNG."""
        return _shown(value)


class OpenedImageMaterializer(ExactMaterializer):
    """All other images, such as those read from a file, in the exact codec."""

    name: ClassVar[str] = "image-exact"

    def accepts(self, value: Any) -> bool:
        """Of every mode and class."""
        kind = getattr(sys.modules.get("PIL.Image"), "Image", None)
        return kind is not None and isinstance(value, kind)

    def summary(self, value: Any) -> Mapping[str, object]:
        """Size, mode, and the class."""
        return _described(value)

    def preview(self, value: Any) -> Preview | None:
        """A small PNG."""
        return _shown(value)


def _described(image: Any) -> Mapping[str, object]:
    return {"size": list(image.size), "mode": image.mode, "class": class_name(image)}


def _shown(image: Any) -> Preview:
    try:
        small = image.copy()
        for side in _SIDES:
            small.thumbnail((side, side))
            png = io.BytesIO()
            small.convert("RGBA" if "A" in image.getbands() else "RGB").save(png, "PNG")
            encoded = base64.b64encode(png.getvalue()).decode("ascii")
            if len(encoded) <= _LENGTH:
                return Preview("image", image=encoded)
    except (ValueError, OSError, SystemError):  # an empty image, or a mode without colours
        pass
    return text_preview(image)
