"""Which artifact stores may have code of theirs run here.

To load a pickle is to run whatever code came with it. A file in a folder is the user's own if it
belongs to the user of this process. A store elsewhere is if the user began it: it was empty then,
and got a mark, a random text, which the user's own folder remembers. Any other store is trusted
when the user says so. What lies in a project, such as its settings, cannot vouch for the project.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jupyter_mlpipe.model.errors import StorageError
from jupyter_mlpipe.storage.addressing import digest_of_bytes


@dataclass(frozen=True, slots=True)
class TrustedStores:
    """What one user trusts, a small file each."""

    folder: Path
    everything: bool = False
    """Whether nothing is asked."""

    def knows(self, store: str) -> bool:
        """Whether the store of that place and mark, or in that folder, was begun or is trusted."""
        return self.everything or self._file(store).exists()

    def add(self, store: str) -> None:
        """Trust it from now on.

        Raises:
            StorageError: That cannot be remembered.
        """
        file = self._file(store)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{store}\n", encoding="utf-8")
        except OSError as error:
            raise StorageError(
                f"What you trust cannot be remembered in {self.folder}: {error.strerror}. Make it "
                "writable, or set MLPIPE_TRUST=all where you trust every store."
            ) from error

    def _file(self, store: str) -> Path:
        return self.folder / digest_of_bytes(store.encode())
