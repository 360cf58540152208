import hashlib
import linecache

import pytest


@pytest.fixture
def namespace():
    return {"__name__": "__main__"}


@pytest.fixture
def run(namespace):
    def run_cell(source):
        name = f"<cell {hashlib.sha256(source.encode()).hexdigest()}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(compile(source, name, "exec"), namespace)

    return run_cell
