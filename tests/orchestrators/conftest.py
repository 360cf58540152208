import json
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlpipe.config import Settings


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(tmp_path, tmp_path / ".mlpipe")


@pytest.fixture
def write_notebook(tmp_path) -> Callable[..., Path]:
    """Writes a notebook of code cells below the test's folder."""

    def write(*sources: str, name: str = "study.ipynb") -> Path:
        cells = [
            {
                "cell_type": "code", "id": f"c{i}", "source": source, "metadata": {},
                "outputs": [], "execution_count": None,
            }
            for i, source in enumerate(sources)
        ]  # fmt: skip
        path = tmp_path / name
        book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
        path.write_text(json.dumps(book))
        return path

    return write
