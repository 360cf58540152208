from collections.abc import Callable

import pytest

from jupyter_mlpipe.analysis.notebook import Cell, Notebook, parse_cells


@pytest.fixture
def notebook() -> Callable[..., Notebook]:
    """Makes a notebook of cells given as text; those that begin with %%step are steps."""

    def make(*sources: str, name: str = "study", path: str = "study.ipynb") -> Notebook:
        cells = [Cell(source, f"c{i}", (), i, "code") for i, source in enumerate(sources)]
        return parse_cells(cells, name, path)

    return make
