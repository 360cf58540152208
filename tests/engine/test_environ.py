"""Reads of environment variables, as code of a notebook makes them."""

import os

import pytest

from jupyter_mlpipe.engine.environ import EVERYTHING, EnvironmentReads, environment_digest


def heard(source):
    reads = EnvironmentReads()
    reads.start()
    try:
        exec(compile(source, "<cell>", "exec"), {"__name__": "__main__", "os": os})
    finally:
        reads.stop()
    return reads.read


@pytest.mark.parametrize(
    "source",
    ["os.environ.get('MODE_A')", "os.getenv('MODE_A')", "'MODE_A' in os.environ",
     "os.environ.setdefault('MODE_A', 'x')", "os.environ.pop('MODE_A', None)"],
)  # fmt: skip
def test_every_way_to_read_one_is_heard(source, monkeypatch):
    monkeypatch.delenv("MODE_A", raising=False)
    assert set(heard(source)) == {"MODE_A"}


def test_what_it_held_before_the_code_changed_it_is_what_counts(monkeypatch):
    monkeypatch.setenv("MODE_A", "1")
    before = environment_digest("MODE_A", {})
    assert heard("x = os.environ['MODE_A']\nos.environ['MODE_A'] = '2'") == {"MODE_A": before}
    assert environment_digest("MODE_A", {}) != before
    assert environment_digest("MODE_A", {"MODE_A": "1"}) == before


def test_what_the_code_set_itself_is_not_an_input(monkeypatch):
    monkeypatch.setenv("MODE_A", "1")
    assert heard("os.environ['MODE_A'] = '2'\nx = os.environ['MODE_A']") == {}


def test_going_through_all_of_them_depends_on_all(monkeypatch):
    read = heard("for name in os.environ: pass")
    assert read[EVERYTHING] == environment_digest(EVERYTHING, {})
    monkeypatch.setenv("MODE_A", "another")
    assert read[EVERYTHING] != environment_digest(EVERYTHING, {})


def test_a_library_that_looks_for_the_home_folder_reads_nothing():
    assert heard("os.path.expanduser('~')") == {}


def test_the_environment_is_left_as_it_was():
    before = os.environ.encodekey, os.environ.decodekey
    heard("os.getenv('MODE_A')")
    assert (os.environ.encodekey, os.environ.decodekey) == before


def test_setting_one_to_what_it_was_is_setting_it(monkeypatch):
    monkeypatch.setenv("MODE_A", "1")
    reads = EnvironmentReads()
    reads.start()
    os.environ["MODE_A"] = "1"
    reads.stop()
    assert reads.written == {"MODE_A"}
