"""What is stored of what a step left."""

from jupyter_mlpipe.tracking.previews import stored_preview


def test_a_step_that_is_to_have_no_previews_keeps_none(session):
    cells = "%%step one\na = [1]\nb = a", "%%step two --no-visualizations\nc = [1]\nd = [c]"
    for cell, shown in zip(cells, (True, False), strict=True):
        for _, version in session.step(cell).outputs:
            preview = stored_preview(session.context.artifacts, version)
            assert (preview is not None) == shown
