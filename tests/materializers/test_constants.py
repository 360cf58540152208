"""Objects in which the process keeps its settings come back as the process's own."""

import decimal
import os
import pickle

import pytest

from jupyter_mlpipe.materializers import live_settings
from jupyter_mlpipe.materializers.cloudpickled import CloudpickleMaterializer
from jupyter_mlpipe.materializers.fingerprint import content_digest
from jupyter_mlpipe.materializers.sharing import sharing_groups

pandas = pytest.importorskip("pandas")
matplotlib = pytest.importorskip("matplotlib")


def again(value, folder):
    folder.mkdir()
    CloudpickleMaterializer().save(value, folder)
    return CloudpickleMaterializer().load(folder)


def test_what_holds_settings_comes_back_as_what_holds_them_now(tmp_path):
    held = {"e": os.environ, "p": matplotlib.rcParams, "d": decimal.getcontext()}
    for name, value in held.items():
        assert again([value], tmp_path / name)[0] is value


def test_a_setting_is_no_content_of_what_holds_it():
    with matplotlib.rc_context(), decimal.localcontext() as context:
        before = content_digest([matplotlib.rcParams, context])
        matplotlib.rcParams["font.size"] = 31
        context.prec = 3
        assert content_digest([matplotlib.rcParams, context]) == before


def test_settings_of_ones_own_are_content_like_any_value(tmp_path):
    own = decimal.Context(prec=3)
    before = content_digest(own)
    loaded = again(own, tmp_path / "own")
    assert loaded is not decimal.getcontext()
    assert loaded.prec == 3
    own.prec = 4
    assert content_digest(own) != before


@pytest.mark.parametrize("branch", ["", "display", "display.html"])
def test_a_branch_of_the_options_of_pandas_is_the_live_one_again(branch, tmp_path):
    options = live_settings.pandas_options(branch)
    loaded = again(options, tmp_path / "kept")
    assert dir(loaded) == dir(options)
    with pandas.option_context("display.precision", 2):
        assert again(pandas.options, tmp_path / "all").display.precision == 2


def test_variables_that_hold_the_same_settings_share_no_memory():
    both = {"one": matplotlib.rcParams, "other": [matplotlib.rcParams]}
    assert not sharing_groups(both)


def test_a_stored_name_that_is_none_of_these_settings_is_refused():
    with pytest.raises(KeyError):
        live_settings.process_settings("os.system")
    stored = pickle.dumps((live_settings.process_settings, "os.environ"))
    function, name = pickle.loads(stored)
    assert function(name) is os.environ
