"""What a step defined though none of its text does."""

DEFINES = "exec(compile('def twice(x): return 2 * x\\nclass Box: pass', 'prep.py', 'exec'))"


def test_what_no_cell_defines_is_named_where_it_is_left(session):
    report = session.step(f"%%step prep\n{DEFINES}\ndef shown(): pass")
    left = {state.name: state.what for state in report.step_run.immovable}
    assert left["Box"] == "a class that no cell defines"
    assert "shown" not in left


def test_what_was_there_before_the_step_is_not_named(session):
    session.step(f"%%step prep\n{DEFINES}")
    report = session.step("%%step more\nexec('k = 1')")
    assert not report.step_run.immovable
