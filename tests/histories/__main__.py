"""`python -m tests.histories [SEED [MINUTES]]`: look for histories that go wrong."""

import sys
import tempfile
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

from tests.corpus.zygote import Zygote
from tests.histories.judging import judge, told
from tests.histories.writing import History, histories

_BATCH = 30
_SHRINKING = 60
"""Seconds for making a history smaller that went wrong."""


class Search:
    """Batches of random histories, the seed of each one more than that of the one before."""

    def __init__(self, zygote: Zygote) -> None:
        self._zygote = zygote
        self._smallest: tuple[History, list[str]] | None = None
        self._since = 0.0

    def batch(self, number: int) -> None:
        """Say what came of it: the smallest history that goes wrong, or that there is none."""
        self._smallest = None
        tried = given(histories())(self._try)
        tried = settings(
            max_examples=_BATCH,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
        )(tried)
        try:
            seed(number)(tried)()
        except BaseException as error:
            if self._smallest is None:
                raise error from None
        if self._smallest is None:
            say(f"seed {number}: right")
        else:
            history, findings = self._smallest
            say("\n".join([f"seed {number}: {history}", told(history), *findings[:12], "=" * 72]))

    def _try(self, history: History) -> None:
        if self._smallest is not None and time.monotonic() - self._since > _SHRINKING:
            return  # small enough
        with tempfile.TemporaryDirectory() as place:
            findings = judge(history, self._zygote, Path(place))
        if findings:
            if self._smallest is None:
                self._since = time.monotonic()
            self._smallest = (history, findings)
            raise AssertionError


def main(first: int, minutes: float) -> None:
    """One batch after the other until the time is over."""
    end = time.monotonic() + minutes * 60
    with tempfile.TemporaryDirectory() as folder:
        zygote = Zygote(Path(folder), hash_seed=1)
        search, number = Search(zygote), first
        try:
            while time.monotonic() < end:
                search.batch(number)
                number += 1
        finally:
            zygote.close()


def say(text: str) -> None:
    """At once, for a search takes hours."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    numbers = [float(word) for word in sys.argv[1:]]
    main(int(numbers[0]) if numbers else 1, numbers[1] if len(numbers) > 1 else 60)
