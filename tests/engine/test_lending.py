import pytest

P = "class P:\n    kept = {}\n    n = 1\n"


@pytest.mark.parametrize(
    "take",
    ["%%step take\nx = P.kept", "%%step take\nx = P()\nx.mine = [P.kept]", "%%step take\nx = [P]"],
)
def test_a_class_is_kept_with_whoever_holds_what_it_holds(session, take):
    session.plain(P)
    run = session.step(take).step_run
    held = "P]" not in take
    assert [shared.variable for shared in run.shared] == (["P"] if held else [])
    assert [output.variable for output in run.outputs] == ["x"]


def test_a_class_of_unchanging_values_is_lent_to_nobody(session):
    session.plain("class P:\n    n = (1, 2)\n    def m(self): return []")
    assert not session.step("%%step take\nx = [P.n, P().m()]").step_run.shared
