import sys
import types

import pytest


@pytest.fixture
def notebook(monkeypatch):
    """A namespace that is the main module, as a notebook's is; call it to run a cell."""
    module = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)

    def run(source, name=None):
        exec(source, vars(module))
        return vars(module).get(name)

    run.names = vars(module)
    return run
