"""What is stored of what a step left."""

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
