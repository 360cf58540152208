import ast

import pytest

from jupyter_mlpipe.analysis.parameters import parameter_from_statement, value_from_text
from jupyter_mlpipe.model.pipeline import Parameter


def stated(source):
    return parameter_from_statement(ast.parse(source).body[0])


@pytest.mark.parametrize(
    ("source", "kind", "default"),
    [
        ("x = 1", "int", 1),
        ("x = -0.5", "float", -0.5),
        ("x: float = 1", "float", 1.0),
        ("x = True", "bool", True),
        ("x: str = 'a'", "str", "a"),
        ("x: list[int] = [1, 2]", "json", [1, 2]),
        ("x = {'a': [None]}", "json", {"a": [None]}),
        ("x: str = None", "str", None),
        ("x: Custom = 1", "int", 1),
    ],
)
def test_a_typed_literal_is_a_parameter(source, kind, default):
    parameter = stated(source)
    assert parameter == Parameter("x", kind, default)
    assert type(parameter.default) is type(default)


@pytest.mark.parametrize(
    "source", ["x = y", "x = (1, 2)", "x = b'a'", "x: int", "a.b = 1", "x = 1e999"]
)
def test_other_statements_are_none(source):
    assert stated(source) is None


def test_a_value_of_another_type_than_stated_is_refused():
    with pytest.raises(ValueError, match=r"x is stated to be int, but 0\.5 is float"):
        stated("x: int = 0.5")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("int", "3", 3),
        ("float", "1e-3", 0.001),
        ("str", "3", "3"),
        ("bool", "False", False),
        ("json", '{"a": 1}', {"a": 1}),
    ],
)
def test_text_becomes_a_value_of_the_type(kind, text, value):
    assert value_from_text(kind, text) == value


@pytest.mark.parametrize(
    ("kind", "text"), [("int", "1.5"), ("float", "nan"), ("bool", "yes"), ("json", "{"), ("x", "1")]
)
def test_text_that_is_no_value_of_the_type_is_refused(kind, text):
    with pytest.raises(ValueError, match=r"expected a value|no type"):
        value_from_text(kind, text)
