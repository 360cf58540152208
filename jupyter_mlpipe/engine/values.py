"""Live values to stored ones, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jupyter_mlpipe.engine.releases import telling_releases, with_release
from jupyter_mlpipe.engine.stored_files import FilesIn, FilesOut
from jupyter_mlpipe.materializers.base import Materializer
from jupyter_mlpipe.materializers.buffers import BufferDigests
from jupyter_mlpipe.materializers.files import MemoryMaterializer
from jupyter_mlpipe.materializers.fingerprint import content_digest
from jupyter_mlpipe.materializers.links import LinkMaterializer, linked_files
from jupyter_mlpipe.materializers.moments import Moment
from jupyter_mlpipe.materializers.paths import FilesMaterializer
from jupyter_mlpipe.materializers.registry import MaterializerRegistry
from jupyter_mlpipe.model.artifact import ArtifactType, ArtifactVersion, Preview
from jupyter_mlpipe.model.errors import MlpipeError, StorageError, ValueNotStorableError
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.manifests import Manifest
from jupyter_mlpipe.storage.scratch import ScratchFolders

BUNDLE = "bundle"
"""The materializer that keeps several values which share memory in one manifest."""


@dataclass(frozen=True, slots=True)
class KeptValue:
    """What is known of a value once its content is in the artifact store."""

    digest: str
    manifest: str
    member: str | None
    materializer: str
    type: ArtifactType
    python_type: str
    nbytes: int
    summary: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Content:
    """What was stored of one value, or of several together."""

    manifest: str
    nbytes: int
    moment: Moment


class ValueStore:
    """Chooses materializers, and moves content between memory and the artifact store."""

    def __init__(
        self,
        artifacts: ArtifactStore,
        materializers: MaterializerRegistry,
        buffers: BufferDigests,
    ) -> None:
        self._artifacts = artifacts
        self._buffers = buffers
        self._materializers = materializers
        self._scratch = ScratchFolders()
        self._gone: Set[str] = frozenset()

    def leave_out(self, gone: Set[str]) -> None:
        """Do not put these files there again when a path to them is loaded."""
        self._gone = gone

    def keep(
        self, value: Any, materializer: str | None = None, *, previewed: bool = True
    ) -> KeptValue:
        """Store one value, with a preview or without.

        Raises:
            ValueNotStorableError: No materializer can keep it, or the one named does not fit.
            StorageError: The artifact store refused the write.
        """
        chosen = self._choose(value, materializer)
        preview = _safely(chosen.preview, value) if previewed else None
        content = self._commit(value, chosen, {"": preview} if preview else {})
        return _with_nulls(_describe(value, chosen, content, None), preview)

    def keep_together(
        self, values: Mapping[str, Any], *, previewed: bool = True
    ) -> Mapping[str, KeptValue]:
        """Store values that share memory as one, so that they still share it when loaded.

        Raises:
            ValueNotStorableError: One of them cannot be kept; then none of them is.
            StorageError: The artifact store refused the write.
        """
        ordered = {name: values[name] for name in sorted(values)}
        bundle = self._materializers.named(BUNDLE)
        chosen = {name: self._choose(value, None) for name, value in ordered.items()}
        previews = {
            name: _safely(chosen[name].preview, value) if previewed else None
            for name, value in ordered.items()
        }
        content = self._commit(ordered, bundle, {n: p for n, p in previews.items() if p})
        return {
            name: _with_nulls(_describe(value, chosen[name], content, name), previews[name])
            for name, value in ordered.items()
        }

    def load(self, version: ArtifactVersion) -> Any:
        """Bring one value back.

        Raises:
            CorruptArtifactError: The stored bytes were changed.
            ValueNotLoadableError: It needs a class or package that is missing here.
            UntrustedError: To load it may run code of somebody's who is not trusted.
        """
        with telling_releases(version):
            loaded = self.load_manifest(version.manifest)
        return loaded if version.member is None else loaded[version.member]

    def load_manifest(self, digest: str) -> Any:
        """Bring back what one manifest holds: a value, or a dict of values that share memory."""
        manifest = self._artifacts.open(digest, previews=False)
        materializer = self._materializers.named(manifest.materializer)
        if manifest.pickled or materializer.pickled:
            self._artifacts.require_trust(digest)
        with self._scratch.folder() as folder:
            if isinstance(materializer, MemoryMaterializer):
                return materializer.read(FilesOut(folder, manifest, self._artifacts, self._buffers))
            self._artifacts.checkout(manifest, folder)
            if type(materializer) is FilesMaterializer:
                return materializer.load_without(folder, self._gone)
            return materializer.load(folder)

    @contextmanager
    def files(self, version: ArtifactVersion) -> Iterator[Mapping[str, Path]]:
        """The stored files of a version by name, for reading until the block ends.

        Raises:
            CorruptArtifactError: The stored bytes were changed.
        """
        manifest = self._artifacts.open(version.manifest)
        with self._scratch.folder() as folder, self._scratch.folder() as fetched:
            self._artifacts.checkout(manifest, folder)
            if manifest.materializer == LinkMaterializer.name:
                yield linked_files(folder, fetched)
            else:
                yield {file.name: file for file in sorted(folder.iterdir())}

    def _choose(self, value: Any, name: str | None) -> Materializer:
        if name is None:
            with _named(value):
                return self._materializers.for_value(value)
        chosen = self._materializers.named(name)
        if not chosen.accepts(value):
            raise ValueNotStorableError(
                f"The materializer {name!r} does not take a {type(value).__name__}; "
                "leave --materializer out to have one chosen."
            )
        return chosen

    def _commit(
        self, value: Any, chosen: Materializer, previews: Mapping[str, Preview]
    ) -> _Content:
        moment = Moment(self._buffers)
        with self._scratch.folder() as folder:
            files = FilesIn(folder, moment)
            try:
                with _named(value):
                    if isinstance(chosen, MemoryMaterializer):
                        chosen.write(value, files)
                    else:
                        chosen.save(value, folder)
            except OSError as error:
                raise StorageError(
                    f"The folder for temporary files, {folder}, cannot be written ({error}). "
                    "Free some space, or point TMPDIR at another folder."
                ) from error
            stored = self._artifacts.store(folder, files.large(), files.small())
            files.settle(stored)
        manifest = Manifest(chosen.name, stored, previews, chosen.pickled)
        return _Content(self._artifacts.record(manifest), manifest.nbytes, moment)


def _describe(value: Any, chosen: Materializer, content: _Content, member: str | None) -> KeptValue:
    digest = content_digest(value, content.moment)
    if digest is None:
        raise ValueNotStorableError(
            f"A {type(value).__name__} cannot be compared with itself later."
        )
    return KeptValue(
        digest=digest,
        manifest=content.manifest,
        member=member,
        materializer=chosen.name,
        type=chosen.artifact_type,
        python_type=_type_name(value),
        nbytes=content.nbytes,
        summary=with_release(_safely(chosen.summary, value) or {}, value),
    )


@contextmanager
def _named(value: Any) -> Iterator[None]:
    """A class of the user's may raise anything when its objects are looked into."""
    try:
        yield
    except (MlpipeError, OSError):
        raise
    except Exception as error:
        raise ValueNotStorableError(
            f"A value of type {_type_name(value)} cannot be looked into: "
            f"{type(error).__name__}: {error}. Keep the data it is made from."
        ) from error


def _with_nulls(kept: KeptValue, preview: Preview | None) -> KeptValue:
    """How many values each column lacks, where there are any; the preview has counted them."""
    columns = preview.columns if preview is not None else ()
    found = {column.name: column.nulls for column in columns if column.nulls}
    return replace(kept, summary={**kept.summary, "nulls": found}) if found else kept


def _type_name(value: Any) -> str:
    kind = type(value)
    package = str(kind.__module__).partition(".")[0]
    return kind.__qualname__ if package == "builtins" else f"{package}.{kind.__qualname__}"


def _safely(describe: Any, value: Any) -> Any:
    """A summary or preview that fails costs the user nothing but the summary or preview."""
    try:
        return describe(value)
    except MlpipeError:
        raise
    except Exception:  # noqa: BLE001 - any library's repr or statistics may fail on odd values
        return None
