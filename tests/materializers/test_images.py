import io

import numpy as np
import pytest

from jupyter_mlpipe.materializers.images import ImageMaterializer, OpenedImageMaterializer
from jupyter_mlpipe.materializers.registry import default_registry
from jupyter_mlpipe.testing.materializers import MaterializerContract

image = pytest.importorskip("PIL.Image")
COLOURS = {"1": 1, "L": 7, "LA": (7, 8), "RGB": (1, 2, 3), "RGBA": (1, 2, 3, 4), "I;16": 40_000}
NOISE = image.fromarray(np.random.default_rng(0).integers(0, 256, (900, 900, 3), dtype=np.uint8))


def opened(format):
    file = io.BytesIO()
    image.new("RGB", (5, 4), "red").save(file, format, dpi=(72, 72))
    return image.open(io.BytesIO(file.getvalue()))


def with_palette():
    made = image.new("P", (5, 4))
    made.putpalette([1, 2, 3, 4, 5, 6])
    return made


class ImageContract(MaterializerContract):
    def same(self, left, right):
        return left == right and left.info == right.info

    def change(self, value):
        value.paste(0, (0, 0, *value.size))


class TestImageMaterializer(ImageContract):
    def materializer(self):
        return ImageMaterializer()

    def samples(self):
        return [*(image.new(mode, (5, 4), colour) for mode, colour in COLOURS.items()), NOISE]

    def left_to_others(self):
        noted = image.new("L", (2, 2))
        noted.info["note"] = "é"
        return [opened("PNG"), noted, image.new("F", (1, 1)), image.new("RGB", (0, 3))]


class TestOpenedImageMaterializer(ImageContract):
    def materializer(self):
        return OpenedImageMaterializer()

    def samples(self):
        noted = image.new("L", (2, 2))
        noted.info["note"] = "é"
        modes = ("F", "I", "CMYK", "HSV", "YCbCr", "LAB", "PA")
        return [
            *(image.new(mode, (5, 4)) for mode in modes),
            *(with_palette(), image.new("RGB", (0, 3)), noted, opened("PNG"), opened("JPEG")),
        ]


def test_what_png_would_change_goes_through_the_codec():
    assert default_registry().for_value(opened("PNG")).name == "image-exact"


def test_the_file_is_a_picture_and_the_preview_a_small_one(tmp_path):
    chosen = default_registry().for_value(NOISE)
    chosen.save(NOISE, tmp_path)
    with image.open(tmp_path / "image.png") as opened:
        assert opened.size == (900, 900)
    assert chosen.summary(NOISE) == {"size": [900, 900], "mode": "RGB", "class": "PIL.Image.Image"}
    assert chosen.preview(NOISE).kind == "image"
