"""State of the process: what changed is carried, and what is equal is not told apart."""

import calendar
import csv
import decimal
import locale
import logging
import os
import pickle
import reprlib
import socket
import sys
import time
import warnings

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import sklearn

from jupyter_mlpipe.engine.states import WORKING_DIRECTORY, ProcessStates
from jupyter_mlpipe.model.errors import PipelineError


@pytest.fixture
def states(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = ProcessStates(tmp_path)
    before = made.capture()
    yield made
    made.apply_all(made.effects(made.capture(), before).contents)


def shorten():
    decimal.getcontext().prec = 5


CHANGES = {
    "matplotlib.rcParams": lambda: mpl.rcParams.update({"lines.linewidth": 7}),
    "matplotlib backend": lambda: mpl.use("svg"),
    "pandas options": lambda: pd.set_option("display.max_rows", 3),
    "numpy print options": lambda: np.set_printoptions(precision=2),
    "numpy error handling": lambda: np.seterr(divide="raise"),
    "decimal context": shorten,
    "locale": lambda: locale.setlocale(locale.LC_NUMERIC, "C.UTF-8"),
    "recursion limit": lambda: sys.setrecursionlimit(3000),
    "scikit-learn options": lambda: sklearn.set_config(transform_output="pandas"),
    "warning filters": lambda: warnings.simplefilter("once"),
    "logging levels": lambda: logging.getLogger("jupyter_mlpipe.test").setLevel(7),
    "standard library": lambda: csv.register_dialect("pipe", delimiter="|"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_setting_is_an_effect_that_brings_it_back(states, name):
    before = states.capture()
    CHANGES[name]()
    after = states.capture()
    effects = states.effects(before, after).contents
    assert set(effects) == {name}
    assert states.digest(name, before) != states.digest(name)
    states.apply_all(states.effects(after, before).contents)
    assert states.capture().settings == before.settings
    states.apply_all(effects)
    assert states.capture().settings == after.settings


@pytest.mark.parametrize(
    "change",
    [
        lambda: calendar.setfirstweekday(calendar.SUNDAY),
        lambda: csv.field_size_limit(10),
        lambda: setattr(reprlib.aRepr, "maxlist", 2),
        lambda: socket.setdefaulttimeout(7),
        lambda: logging.addLevelName(25, "NOTICE"),
    ],
)
def test_what_python_s_own_modules_keep_is_carried(states, change):
    before = states.capture()
    change()
    after = states.capture()
    states.apply_all(states.effects(after, before).contents)
    assert states.capture().settings == before.settings != after.settings
    states.apply_all(states.effects(before, after).contents)
    assert states.capture().settings == after.settings


def test_the_time_zone_is_that_which_was_set_last(states, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    before = states.capture()
    time.tzset()
    after = states.capture()
    states.apply_all(states.effects(after, before).contents)
    assert time.tzname != ("EST", "EDT")
    states.apply_all(states.effects(before, after).contents)
    assert time.tzname == ("EST", "EDT")


def test_nothing_changed_is_no_effect(states):
    assert not states.effects(states.capture(), states.capture()).contents


def test_a_list_in_rcparams_that_is_changed_in_place_is_noticed(states):
    before = states.capture()
    mpl.rcParams["font.sans-serif"].insert(0, "Nowhere Sans")
    assert set(states.effects(before, states.capture()).contents) == {"matplotlib.rcParams"}


def test_the_backend_that_the_process_has_anyway_is_no_setting(states, monkeypatch):
    for own, chosen in (
        ("Agg", "agg"),
        ("module://matplotlib_inline.backend_inline", "inline"),
    ):
        monkeypatch.setenv("MPLBACKEND", own)
        mpl.use(chosen)
        assert not states.digest("matplotlib backend")
        assert "backend" not in states.capture().settings["matplotlib.rcParams"]
    monkeypatch.delenv("MPLBACKEND")
    mpl.use("agg")


def test_a_backend_that_does_not_work_here_is_left_out(states):
    states.apply("matplotlib backend", pickle.dumps({"backend": "module://not_installed"}))
    assert mpl.get_backend() == "agg"


def test_no_step_depends_on_the_backend(states):
    assert "matplotlib backend" not in states.concerning(frozenset({"matplotlib", "numpy"}))


def test_variables_of_the_environment_are_set_and_deleted_again(states, monkeypatch):
    monkeypatch.setenv("MLPIPE_TEST_OLD", "1")
    before = states.capture()
    os.environ["MLPIPE_TEST_NEW"] = "2"
    del os.environ["MLPIPE_TEST_OLD"]
    effects = states.effects(before, states.capture()).contents
    del os.environ["MLPIPE_TEST_NEW"]
    os.environ["MLPIPE_TEST_OLD"] = "1"
    states.apply_all(effects)
    assert os.environ.pop("MLPIPE_TEST_NEW") == "2"
    assert "MLPIPE_TEST_OLD" not in os.environ


@pytest.mark.parametrize(
    ("name", "value"), [("MY_TOKEN", "abcdef"), ("SERVER", "http://me:secret@host")]
)
def test_a_secret_is_named_and_never_written(states, monkeypatch, name, value):
    before = states.capture()
    monkeypatch.setenv(name, value)
    effects = states.effects(before, states.capture())
    assert [(i.name, i.what) for i in effects.immovable] == [(name, "a secret")]
    assert not effects.contents


def test_the_folder_and_the_search_path_move_with_the_project(states, tmp_path):
    for project in ("here", "there"):
        (tmp_path / project / "sub").mkdir(parents=True)
    here, there = ProcessStates(tmp_path / "here"), ProcessStates(tmp_path / "there")
    before = here.capture()
    os.chdir(tmp_path / "here" / "sub")
    sys.path.insert(0, str(tmp_path / "here" / "sub"))
    effects = here.effects(before, here.capture()).contents
    there.apply_all(effects)
    assert os.getcwd() == str(tmp_path / "there" / "sub")
    assert sys.path[0] == str(tmp_path / "there" / "sub")
    sys.path[:2] = []


def test_a_folder_that_is_not_there_is_refused_by_name(states, tmp_path):
    with pytest.raises(PipelineError, match="nowhere"):
        states.apply(WORKING_DIRECTORY, b"<project>/nowhere")


def test_only_steps_that_could_tell_are_concerned(states):
    assert "pandas options" in states.concerning(frozenset({"pandas"}))
    assert "pandas options" not in states.concerning(frozenset({"numpy"}))
    assert "decimal context" in states.concerning(frozenset())


def test_what_the_shell_filters_for_itself_is_no_setting_of_the_notebooks(states):
    from IPython.core.completer import ProvisionalCompleterWarning

    before = states.digest("warning filters")
    with warnings.catch_warnings():
        warnings.simplefilter("error", ProvisionalCompleterWarning)
        assert states.digest("warning filters") == before


def test_a_filter_that_lets_warnings_pass_counts_in_front_of_one_that_raises_them(states):
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        raising = states.digest("warning filters")
        warnings.simplefilter("ignore", DeprecationWarning)
        assert states.digest("warning filters") != raising


def test_how_long_the_text_of_an_integer_may_be_travels(states):
    before = states.capture()
    sys.set_int_max_str_digits(20_000)
    effects = states.effects(before, states.capture()).contents
    sys.set_int_max_str_digits(4_300)
    states.apply_all(effects)
    digits, _ = sys.get_int_max_str_digits(), sys.set_int_max_str_digits(4_300)
    assert digits == 20_000
