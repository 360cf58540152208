"""What every materializer must pass.

Inherit from MaterializerContract in a test module, and say how to make the materializer and a
few values that it accepts; pytest finds the rest.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_mlpipe.materializers.base import Materializer
from jupyter_mlpipe.materializers.bundle import BundleMaterializer
from jupyter_mlpipe.materializers.fingerprint import content_digest
from jupyter_mlpipe.materializers.sharing import sharing_groups

_PREVIEW = 100_000
"""Characters of JSON that a text or table preview may take."""
_IMAGE = 1_000_000
_HEAVY = (
    "numpy pandas sklearn matplotlib torch pyarrow polars scipy fsspec xgboost lightgbm keras "
    "tensorflow safetensors PIL plotly pydantic datasets tokenizers transformers langchain_core"
)
_PROBE = """
import sys
from {module} import {name}
assert {name}().accepts(object()) in (True, False)
heavy = {heavy!r}.split()
sys.exit(" ".join(name for name in heavy if name in sys.modules) or 0)
"""


class MaterializerContract:
    """Tests that are the same for each family of values."""

    def materializer(self) -> Materializer:
        """A fresh one."""
        raise NotImplementedError

    def samples(self) -> Sequence[Any]:
        """Values it accepts, the odd ones included: empty, large, read-only, oddly named."""
        raise NotImplementedError

    def same(self, left: Any, right: Any) -> bool:
        """Whether two values of one type are equal in all that a user can see."""
        return bool(left == right)

    def left_to_others(self) -> Sequence[Any]:
        """Values near its own that would come back as something else: of derived classes first."""
        return ()

    def change(self, value: Any) -> None:
        """Change `value` in place, where it is of a kind that can be changed."""

    def test_what_is_loaded_equals_what_was_saved(self, tmp_path: Path) -> None:
        """Also by content digest, which decides whether later steps run again."""
        for number, value in enumerate(self.samples()):
            loaded = self._round_trip(value, tmp_path / str(number))
            assert type(loaded) is type(value)
            assert self.same(value, loaded), f"{value!r} came back as {loaded!r}"
            assert content_digest(loaded) == content_digest(value), f"digest of {value!r}"

    def test_what_is_loaded_is_accepted_again(self, tmp_path: Path) -> None:
        """The next step saves it in the same way."""
        for number, value in enumerate(self.samples()):
            assert self.materializer().accepts(value)
            assert self.materializer().accepts(self._round_trip(value, tmp_path / str(number)))

    def test_what_would_come_back_as_something_else_is_refused(self) -> None:
        """The exact codec keeps it."""
        for value in self.left_to_others():
            assert not self.materializer().accepts(value), f"{value!r} is accepted"

    def test_two_names_of_one_value_stay_names_of_one_value(self, tmp_path: Path) -> None:
        """Variables that share memory are stored as a bundle, of whatever family they are."""
        for number, value in enumerate(self.samples()):
            both = {"left": value, "right": value}
            if sharing_groups(both):
                directory = tmp_path / str(number)
                directory.mkdir()
                BundleMaterializer().save(both, directory)
                loaded = BundleMaterializer().load(directory)
                assert loaded["left"] is loaded["right"]
                assert content_digest(loaded["left"]) == content_digest(value)

    def test_saving_leaves_the_value_alone(self, tmp_path: Path) -> None:
        """Nor does looking at it for a preview change it."""
        for number, value in enumerate(self.samples()):
            before = content_digest(value)
            self._save(value, tmp_path / str(number))
            self.materializer().summary(value)
            self.materializer().preview(value)
            assert content_digest(value) == before

    def test_changing_a_loaded_value_leaves_the_files_alone(self, tmp_path: Path) -> None:
        """Loaded values are often maps of the stored files."""
        for number, value in enumerate(self.samples()):
            directory = tmp_path / str(number)
            loaded = self._round_trip(value, directory)
            before = _contents(directory)
            self.change(loaded)
            assert _contents(directory) == before
            assert self.same(value, self.materializer().load(directory))

    def test_read_only_files_are_enough_to_load(self, tmp_path: Path) -> None:
        """The store hands out nothing else."""
        for number, value in enumerate(self.samples()):
            self._save(value, tmp_path / str(number))
            for path in (tmp_path / str(number)).iterdir():
                path.chmod(0o444)
            assert self.same(value, self.materializer().load(tmp_path / str(number)))

    def test_only_plain_files_are_written(self, tmp_path: Path) -> None:
        """Names without folders; no links."""
        for number, value in enumerate(self.samples()):
            self._save(value, tmp_path / str(number))
            for path in (tmp_path / str(number)).iterdir():
                assert path.is_file()
                assert not path.is_symlink()

    def test_the_summary_is_json(self) -> None:
        """It goes into the metadata store as it is."""
        for value in self.samples():
            summary = dict(self.materializer().summary(value))
            assert json.loads(json.dumps(summary, allow_nan=False)) == summary

    def test_the_preview_is_small_and_plain(self) -> None:
        """A browser shows it as text, and what says that it is a page in a shut frame."""
        for value in self.samples():
            preview = self.materializer().preview(value)
            if preview is not None:
                assert preview.kind in {"text", "table", "image", "json", "html"}
                shown = [preview.text, *map(str, preview.columns), *map(str, preview.rows)]
                assert sum(map(len, shown)) <= _PREVIEW
                assert len(preview.image) <= _IMAGE

    def test_accepting_imports_no_heavy_library(self) -> None:
        """No value of a library can exist before the library was imported."""
        kind = type(self.materializer())
        probe = _PROBE.format(module=kind.__module__, name=kind.__qualname__, heavy=_HEAVY)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        run = subprocess.run(
            [sys.executable, "-c", probe],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, f"imported {run.stderr}"

    def _save(self, value: Any, directory: Path) -> None:
        directory.mkdir()
        self.materializer().save(value, directory)

    def _round_trip(self, value: Any, directory: Path) -> Any:
        self._save(value, directory)
        return self.materializer().load(directory)


def _contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}
