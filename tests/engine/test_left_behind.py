"""State that no other process can be given counts for whoever left or changed it."""

import pytest


@pytest.fixture
def boxed(session):
    session.plain("import threading")
    session.step("%%step make\nbox = {'lock': threading.Lock(), 'names': []}")
    return session


def changed(report):
    return [state.name for state in report.step_run.immovable if state.mutated]


@pytest.mark.parametrize(
    "text", ["box['n'] = 1", "box['names'] += ['a']", "del box['names']", "box.update(n=1)"]
)
def test_a_store_into_what_cannot_be_compared_is_a_change_of_it(boxed, text):
    assert changed(boxed.step(f"%%step put\n{text}")) == ["box"]


@pytest.mark.parametrize("text", ["n = len(box)", "names = box['names']", "print(box)"])
def test_a_look_at_what_cannot_be_compared_is_none(boxed, text):
    assert changed(boxed.step(f"%%step look\n{text}")) == []
