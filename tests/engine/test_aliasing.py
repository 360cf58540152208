"""Which variables share memory, as something to compare."""

from jupyter_mlpipe.engine.aliasing import ONLY_READ, aliasing_digest, all_but, relinked

TWO = [frozenset({"a", "b"})]
THREE = [frozenset({"a", "b", "c"})]


def test_sharing_and_not_sharing_differ():
    assert aliasing_digest(TWO, {"a", "b"}, ONLY_READ) != aliasing_digest([], {"a"}, ONLY_READ)


def test_an_alias_that_is_not_read_counts_only_for_a_step_that_changes_something():
    assert aliasing_digest(TWO, {"a"}, ONLY_READ) == aliasing_digest([], {"a"}, ONLY_READ)
    assert aliasing_digest(TWO, {"a"}, all_but([])) != aliasing_digest([], {"a"}, all_but([]))


def test_what_the_step_binds_anew_does_not_count():
    counted = all_but(["c", "d"])
    assert aliasing_digest(THREE, {"a"}, counted) == aliasing_digest(TWO, {"a"}, counted)


def test_groups_that_the_step_never_touches_do_not_count():
    assert aliasing_digest(TWO, {"z"}, all_but([])) == aliasing_digest([], {"z"}, all_but([]))


def test_who_gains_or_loses_a_partner_is_linked_anew():
    names = frozenset("abc")
    assert relinked(TWO, THREE, names) == names
    assert relinked(TWO, [], names) == {"a", "b"}
    assert relinked(TWO, TWO, names) == frozenset()


def test_partners_that_were_bound_anew_do_not_count():
    assert relinked(TWO, [], frozenset("a")) == frozenset()
