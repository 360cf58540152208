"""Objects end when the user's code takes away their last name."""

CLASS = "import weakref\nclass Node:\n    pass"


def test_what_a_step_deletes_is_gone_within_it(session):
    session.plain(CLASS)
    session.step("%%step make\nnode = Node()")
    session.step("%%step drop\nref = weakref.ref(node)\ndel node\ngone = ref() is None\ndel ref")
    assert session["gone"]


def test_what_a_step_binds_anew_is_gone_within_it(session):
    session.plain(CLASS)
    session.step("%%step make\nnode = Node()")
    session.step("%%step anew\nref = weakref.ref(node)\nnode = 1\ngone = ref() is None\ndel ref")
    assert session["gone"]


def test_what_a_step_would_have_bound_keeps_its_version(session):
    session.plain(CLASS)
    session.step("%%step make\nnode = Node()")
    version = session.variables.version_of("node")
    report = session.step("%%step maybe\nif node is None:\n    node = Node()")
    assert not report.outputs
    session.variables.look()
    assert session.variables.version_of("node") == version


def test_what_a_class_does_at_the_end_of_its_objects_is_said(session):
    session.plain("class Guard:\n    def __del__(self):\n        pass")
    report = session.step("%%step make\nguard = Guard()")
    assert "`guard` (a Guard, whose class has a __del__) cannot travel" in report.warnings[0]


def test_a_new_value_in_the_place_of_one_that_ended_is_bound_anew(session):
    """Python gives a list the memory of the last one that ended."""
    session.step("%%step make\nrows = [[1], [2]]\nsizes = {'a': [1]}")
    anew = "rows = [[n] for n in range({0})]\nsizes = {{'b': [n] for n in range({0})}}\n"
    for count in (3, 4):
        report = session.step("%%step again\n" + anew.format(count) + anew.format(count + 5))
        found = {o.variable: o.mutated for o in report.step_run.outputs}
        assert found == {"rows": False, "sizes": False}
        assert "always runs" not in report.step_run.reason
        session.step("%%step make\nrows = [[1], [2]]\nsizes = {'a': [1]}")
