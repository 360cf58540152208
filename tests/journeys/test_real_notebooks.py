"""Notebooks as people write them, tried by the harness that any notebook can be tried with."""

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def harness(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import notebooks

    yield notebooks
    for name in ("notebooks", "kernels"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("name", ["frames.py"])
def test_it_hits_restores_and_shows_what_it_does_without_us(harness, name):
    verdict = harness.try_notebook(BENCHMARKS / "notebooks" / name, timeout=120)
    assert verdict.right, verdict
    assert verdict.hits > verdict.cells
    assert verdict.restored
