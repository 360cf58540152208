import sys

import pytest

from tests.engine.sessions import Session


@pytest.fixture
def session(tmp_path, monkeypatch):
    made = Session(tmp_path)
    monkeypatch.setitem(sys.modules, "__main__", made.main)
    yield made
    made.context.metadata.close()
