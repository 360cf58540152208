"""What of another user's is loaded, and what is not."""

import os

import numpy as np
import pytest

from jupyter_mlpipe.cli.main import main
from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.engine.context import open_context
from jupyter_mlpipe.engine.state_record import state_contents
from jupyter_mlpipe.model.errors import UntrustedError


class Spy:
    """Leaves a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.fixture
def context(tmp_path, monkeypatch):
    (tmp_path / "mlpipe.toml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    opened = open_context(
        Settings(tmp_path, tmp_path / ".mlpipe", user=tmp_path / "config" / "mlpipe")
    )
    yield opened
    opened.metadata.close()


def test_a_pickle_of_another_user_runs_nothing_until_the_user_says_so(
    context, tmp_path, monkeypatch, capsys
):
    kept = context.values.keep(Spy(str(tmp_path / "ran")), "cloudpickle")
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    with pytest.raises(UntrustedError, match="somebody else"):
        context.values.load_manifest(kept.manifest)
    assert not (tmp_path / "ran").exists()
    assert main(["trust"]) == 0
    assert "loaded from now on" in capsys.readouterr().out
    context.values.load_manifest(kept.manifest).close()
    assert (tmp_path / "ran").exists()


def test_what_is_no_pickle_needs_no_trust(context, monkeypatch):
    kept = [context.values.keep(value) for value in (np.arange(3), [1, {"a": 2}], "text")]
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    array, items, text = (context.values.load_manifest(one.manifest) for one in kept)
    assert (array.tolist(), items, text) == ([0, 1, 2], [1, {"a": 2}], "text")


def test_settings_that_another_users_step_left_are_pickles_too(context, monkeypatch):
    blob = context.blobs.put(b"state")
    assert state_contents({"random": blob}, context.blobs) == {"random": b"state"}
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    with pytest.raises(UntrustedError):
        state_contents({"random": blob}, context.blobs)
