"""Who began a store below a URL."""

from __future__ import annotations

import secrets
from contextlib import suppress

from jupyter_mlpipe.model.errors import StorageError
from jupyter_mlpipe.storage.objects import Objects
from jupyter_mlpipe.storage.trust import TrustedStores

_MARK = "begun"
"""The object that tells one store from any other."""
_LONGEST = 200


class Origin:
    """Marks a store that is empty, and knows it again.

    Args:
        objects: The store.
        trusted: What the user trusts, and began; None where that is of no interest.
    """

    def __init__(self, objects: Objects, trusted: TrustedStores | None) -> None:
        self._objects = objects
        self._trusted = trusted
        self._begun = False
        self._known = False
        """Whether it was found to be trusted, so that nothing need be asked for again."""

    def begin(self) -> None:
        """Before anything is stored for the first time."""
        if self._begun or self._trusted is None:
            return
        self._begun = True
        mark = secrets.token_hex(16)
        if not self._objects.names("") and self._put(mark) == mark:
            with suppress(StorageError):  # then the user is asked as anybody else would be
                self._trusted.add(self._named(mark))

    def is_trusted(self) -> bool:
        """Whether this user began the store, or said that it is trusted."""
        if self._known or self._trusted is None or self._trusted.everything:
            return True
        mark = self._mark()
        self._known = bool(mark) and self._trusted.knows(self._named(mark))
        return self._known

    def trust(self) -> None:
        """From now on.

        Raises:
            StorageError: That cannot be remembered.
        """
        if self._trusted is not None:
            mark = self._mark() or self._put(secrets.token_hex(16))
            self._trusted.add(self._named(mark))

    def _named(self, mark: str) -> str:
        """With the place, for whoever reads a mark could put it elsewhere."""
        return f"{self._objects.location('')} {mark}"

    def _put(self, mark: str) -> str:
        """The mark that is there then: of two who begin at once, one is first."""
        if not self._objects.create(_MARK, mark.encode()) and not self._mark():
            self._objects.write(_MARK, mark.encode())
        return self._mark()

    def _mark(self) -> str:
        try:
            found = self._objects.read(_MARK)
        except FileNotFoundError:
            return ""
        return found[:_LONGEST].decode(errors="replace")
