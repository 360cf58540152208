"""Where a module's code comes from, and the version that stands for it."""

import subprocess
import sys

import pytest

ASK = "from jupyter_mlpipe.analysis.origins import package_version; print(package_version({!r}))"


def answer(first, package):
    """What a process of its own answers, after other code ran in it."""
    python = f"{first}\n{ASK.format(package)}"
    done = subprocess.run(
        [sys.executable, "-c", python], capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize("package", ["sklearn", "numpy", "yaml", "IPython"])
def test_a_package_has_the_same_version_before_it_is_imported_and_after(package):
    before = answer("", package)
    assert before == answer(f"import {package}", package)
    assert "None" not in before
