"""What of untagged cells is what its statement says."""

from jupyter_mlpipe.analysis.settled import settled
from jupyter_mlpipe.analysis.statements import StatementKind, read_statements


def kinds(source):
    return {name: s.kind for s in settled(read_statements(source)) for name in s.names}


def extended(source, name):
    return [s for s in settled(read_statements(source)) if name in s.extends]


def test_a_list_that_a_later_statement_changes_is_data():
    assert kinds("xs = [1]\nxs.append(2)")["xs"] is StatementKind.DATA
    assert kinds("xs = [1]\nxs += [2]")["xs"] is StatementKind.DATA


def test_a_number_is_what_it_is_whoever_is_given_it():
    assert kinds("import m\nn = 3\nw = 2 * n\nm.show(n, w)") == {
        "m": StatementKind.IMPORT,
        "n": StatementKind.CONSTANT,
        "w": StatementKind.DERIVED,
    }


def test_a_function_that_nobody_calls_changes_nothing():
    source = "seen = []\ndef note(x):\n    seen.append(x)"
    assert kinds(source)["seen"] is StatementKind.CONSTANT


def test_a_call_of_that_function_does():
    source = "seen = []\ndef note(x):\n    seen.append(x)\nfor x in range(3):\n    note(x)"
    assert kinds(source)["seen"] is StatementKind.DATA


def test_so_does_a_call_through_others():
    source = (
        "seen = []\nclass Log:\n    def note(self, x):\n        seen.append(x)\n"
        "def start():\n    Log().note(1)\nlog = start()"
    )
    assert kinds(source)["seen"] is StatementKind.DATA


def test_what_is_made_of_data_is_data():
    source = "xs = [1]\nxs.append(2)\nn = len(xs)\nm = n + 1"
    assert kinds(source)["n"] is StatementKind.DATA
    assert kinds(source)["m"] is StatementKind.DATA


def test_what_is_made_of_a_set_in_its_order_is_data_by_any_name():
    source = "names = {'a', 'b'}\nfew = names - {'a'}\norder = [*few]\nmany = sorted(few)"
    found = kinds(source)
    assert found["few"] is found["many"] is StatementKind.DERIVED
    assert found["order"] is StatementKind.DATA


def test_a_list_that_another_would_hold_too_is_no_constant_there():
    found = kinds("a = [1]\nb = [a]\nc = a\nn = 2\nd = {'n': n}")
    assert found["b"] is found["c"] is StatementKind.DATA
    assert found["d"] is StatementKind.DERIVED


def test_definitions_that_a_decorator_registers_come_along_with_the_table():
    source = (
        "TABLE = {}\ndef check(f):\n    TABLE[f.__name__] = f\n    return f\n"
        "@check\ndef one(): pass\n@check\nclass Two: pass"
    )
    assert kinds(source)["TABLE"] is StatementKind.CONSTANT
    assert [s.names for s in extended(source, "TABLE")] == [{"one"}, {"Two"}]


def test_a_call_that_only_registers_comes_along_too():
    source = (
        "TABLE = {}\ndef handle(name, f):\n    TABLE[name] = f\n"
        "def one(): pass\nhandle('one', one)\nhandle('two', lambda: 2)"
    )
    assert kinds(source)["TABLE"] is StatementKind.CONSTANT
    assert len(extended(source, "TABLE")) == 2


def test_a_call_that_does_more_than_register_makes_the_table_data():
    source = (
        "TABLE = {}\ndef handle(name, f):\n    TABLE[name] = f()\n"
        "def one(): pass\nhandle('one', one)"
    )
    assert kinds(source)["TABLE"] is StatementKind.DATA
    assert not extended(source, "TABLE")


def test_a_call_that_registers_data_makes_the_table_data():
    source = "TABLE = []\nx = open('f')\ndef keep(v):\n    TABLE.append(v)\nkeep(x)"
    assert kinds(source)["TABLE"] is StatementKind.DATA
