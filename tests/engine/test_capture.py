"""What is stored of what a step left."""

from jupyter_mlpipe.model.run import Status
from jupyter_mlpipe.tracking.previews import stored_preview


def test_a_step_that_is_to_have_no_previews_keeps_none(session):
    cells = "%%step one\na = [1]\nb = a", "%%step two --no-visualizations\nc = [1]\nd = [c]"
    for cell, shown in zip(cells, (True, False), strict=True):
        for _, version in session.step(cell).outputs:
            preview = stored_preview(session.context.artifacts, version)
            assert (preview is not None) == shown


def test_what_cannot_be_kept_together_is_not_kept_apart(session):
    cell = "from types import SimpleNamespace\nsettings = SimpleNamespace(rate=1)\n"
    cell += "given = vars(settings)\nfree = [1]"
    report = session.step(f"%%step make\n{cell}")
    assert [output.variable for output, _ in report.outputs] == ["free"]
    assert {state.name for state in report.step_run.immovable} == {"given", "settings"}
    assert any("`given`, `settings` share memory" in line for line in report.warnings)


def test_others_that_share_memory_stay_together_beside_one_that_cannot_be_kept(session):
    report = session.step("%%step make\nrows = [1]\nalso = rows\nleft = (r for r in rows)")
    rows, also = (version for _, version in report.outputs)
    assert rows.manifest == also.manifest
    assert rows.member != also.member


def test_what_is_looked_up_by_id_is_not_stored_and_never_hit(session):
    cells = ("%%step make\nrows = [[1], [2]]", "%%step note\nseen = {id(row) for row in rows}")
    look = "%%step look\nfound = sum(id(row) in seen for row in rows)"
    for cell in (*cells, look):
        session.step(cell)
    note = session.step(cells[1])
    told = "a set that holds what id() gave, an object's place in memory"
    assert [(s.name, s.what) for s in note.step_run.immovable] == [("seen", told)]
    reason = session.step(look).step_run.reason
    assert reason == "`seen` cannot be compared with what it was"
    assert session["found"] == 2


def test_an_id_that_is_only_compared_keeps_nothing_from_being_stored(session):
    session.step("%%step make\na = [1]\nb = a")
    compare = "%%step compare\nsame = id(a) == id(b)\nkinds = len({id(a), id(b)})"
    assert session.step(compare).step_run.immovable == ()
    assert session.step(compare).step_run.status is Status.CACHED
