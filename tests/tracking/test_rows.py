from jupyter_mlpipe.model.run import Dependency, DependencyKind, Immovable, Status, StepRun
from jupyter_mlpipe.tracking import rows


def run_with(*dependencies):
    return StepRun("s1", "r1", "p", "step", Status.SUCCEEDED, 1.0, dependencies=dependencies)


def test_a_dependency_keeps_its_detail():
    run = run_with(Dependency(DependencyKind.PARAMETER, "lr", "d1", "0.1"))
    assert rows.read_step_run(rows.step_run_row(run), (), ()) == run


def test_rows_of_the_first_release_have_no_detail():
    row = rows.step_run_row(run_with()) | {"dependencies": [["package", "numpy", "2.0"]]}
    expected = (Dependency(DependencyKind.PACKAGE, "numpy", "2.0"),)
    assert rows.read_step_run(row, (), ()).dependencies == expected


def test_rows_of_the_first_release_do_not_say_whether_it_was_changed_in_place():
    row = rows.step_run_row(run_with()) | {"immovable": [["g", "variable", "a generator", ["y"]]]}
    expected = (Immovable("g", "variable", "a generator", ("y",)),)
    assert rows.read_step_run(row, (), ()).immovable == expected
