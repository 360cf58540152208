import pytest

from jupyter_mlpipe.engine.parameters import parse_overrides
from jupyter_mlpipe.model.errors import PipelineError
from jupyter_mlpipe.model.pipeline import Parameter

KNOWN = (
    Parameter("n", "int", 1),
    Parameter("C", "float", 1.0),
    Parameter("name", "str", ""),
    Parameter("fast", "bool", False),
    Parameter("grid", "json", []),
)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("n", "7", 7),
        ("C", "0.1", 0.1),
        ("C", 3, 3.0),
        ("name", "1", "1"),
        ("fast", "yes", True),
        ("grid", "[1, {}]", [1, {}]),
        ("grid", {"a": 1}, {"a": 1}),
    ],
)
def test_text_is_read_by_the_declared_type(name, text, value):
    found = parse_overrides({name: text}, KNOWN)[name]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("n", "1.5"), ("n", True), ("C", "nan"), ("fast", "maybe"), ("grid", "{"), ("name", 1)],
)
def test_a_value_that_does_not_fit_is_refused_with_type_and_value(name, value):
    with pytest.raises(PipelineError, match=rf"'{name}' is of type .* found"):
        parse_overrides({name: value}, KNOWN)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(PipelineError, match=r"'c'\. Known are n, C, name"):
        parse_overrides({"c": "1"}, KNOWN)
