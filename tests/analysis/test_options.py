import pytest

from jupyter_mlpipe.analysis.options import (
    OPTIONS,
    PipelineLine,
    parse_pipeline_line,
    parse_step_line,
)
from jupyter_mlpipe.model.errors import StepOptionError
from jupyter_mlpipe.model.pipeline import FanOut, Parameter, Resources, Retries
from jupyter_mlpipe.model.step import StepOptions


def options(text):
    return parse_step_line(f"train {text}", "cell 4")[1]


def problem(line):
    with pytest.raises(StepOptionError) as caught:
        parse_step_line(line, "cell 4")
    assert caught.value.cell == "cell 4"
    return caught.value.problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("--out df=iris_dataset --out X,y", {"outputs": {"df": "iris_dataset", "X": "", "y": ""}}),
        ("--in df,model --in k", {"inputs": ("df", "model", "k")}),
        ("--type model=model,df=DATA", {"types": {"model": "MODEL", "df": "DATA"}}),
        ("--materializer df=cloudpickle", {"materializers": {"df": "cloudpickle"}}),
        ("--tag a,b --tag 'c d'", {"tags": ("a", "b", "c d")}),
        ("--meta k=v=1 --meta 'note=a, b'", {"metadata": {"k": "v=1", "note": "a, b"}}),
        ("--version raw_2023", {"version": "raw_2023"}),
        ("--no-cache", {"cache": False}),
        (
            "--cpu 2 --memory 4GB --gpu 1 --disk=10Gi",
            {"resources": Resources(cpu=2.0, memory=4 * 10**9, gpu=1, disk=10 * 2**30)},
        ),
        ("--no-visualizations", {"visualizations": False}),
        ("--image python:3.12", {"image": "python:3.12"}),
        ("--retries 3 --retry-delay 10s", {"retries": Retries(max=3, delay=10.0)}),
        ("--timeout 30m", {"timeout": 1800.0}),
        ("--env A=1 --env B=", {"env": {"A": "1", "B": ""}}),
        ("--secret TOKEN=vault/token", {"secrets": {"TOKEN": "vault/token"}}),
        ("--map xs", {"fan_out": FanOut("xs", "xs")}),
        ("--map x=xs", {"fan_out": FanOut("xs", "x")}),
        ("--if 'n > 3'", {"condition": "n > 3"}),
        ("--after load --after 'clean, twice'", {"after": ("load", "clean, twice")}),
    ],
)
def test_each_option_is_read(text, expected):
    assert options(text) == StepOptions(**expected)


@pytest.mark.parametrize(
    "name", ["a b", "it's", "../etc", "é🎉", "x" * 400, 'say "hi"', "<b>", "--after"[2:], "a#b"]
)
def test_a_quoted_name_may_be_any_text(name):
    quoted = '"' + name.replace('"', '\\"') + '"'
    assert parse_step_line(quoted, "cell 1") == (name, StepOptions())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "needs a name"),
        ("--no-cache", "needs a name"),
        ("' '", "needs a name"),
        ("a b", "Quote a name"),
        ("it's", "quote"),
        ("a --ouput df", "unknown option --ouput; did you mean --out?"),
        ("a --cach", "unknown option --cach; did you mean --no-cache?"),
        ("a --zzz", "unknown option --zzz; did you mean --"),
        ("a --out", "--out needs a value: --out VAR[=NAME],..."),
        ("a --out --no-cache", "--out needs a value"),
        ("a --out 1x", "found '1x'"),
        ("a --out df=", "found 'df='"),
        ("a --type df=TABLE", "unknown type 'TABLE'"),
        ("a --type df", "needs VAR=VALUE"),
        ("a --in a-b", "--in takes variables"),
        ("a --meta k", "--meta needs KEY=VALUE, found 'k'"),
        ("a --env =x", "--env needs KEY=VALUE"),
        ("a --cpu none", "--cpu: expected a number above 0, found 'none'"),
        ("a --memory 4XB", "--memory: expected a size"),
        ("a --timeout 0", "--timeout: expected a duration"),
        ("a --retries -1", "--retries: expected a whole number"),
        ("a --no-cache=yes", "--no-cache takes no value"),
        ("a --map 'range(5)'", "--map takes a variable and a name for its elements"),
        ("a --map x=", "--map takes a variable"),
        ("a --map xs --map ys", "--map is given twice; map over pairs"),
        ("a --if 'n >'", "--if: `n >` is no Python expression"),
        ("a --if n = 3", "takes one name"),
        ("a --if 'n = 3'", "--if: `n = 3` is no expression"),
        ("a --if '(n := 3)'", "does more than ask"),
        ("a --if x --if y", "--if is given twice; join the conditions by `and`"),
    ],
)
def test_a_line_that_is_not_understood_is_explained(line, words):
    assert words in problem(line)


def test_the_table_lists_every_option_that_works_and_no_other():
    values = {
        "--out": "a", "--in": "a", "--type": "a=DATA", "--tag": "a", "--meta": "a=b",
        "--version": "a", "--model": "a", "--materializer": "a=b",
        "--no-visualizations": "", "--no-cache": "",
        "--expires-after": "7d", "--cpu": "1", "--memory": "1", "--gpu": "1", "--disk": "1",
        "--image": "a", "--retries": "1",
        "--retry-delay": "1", "--timeout": "1", "--env": "a=b", "--secret": "a=b", "--map": "a",
        "--if": "a", "--after": "a",
    }  # fmt: skip
    assert [option.name for option in OPTIONS] == list(values)
    for option in OPTIONS:
        assert bool(option.metavar) == bool(values[option.name])
        assert options(f"{option.name} {values[option.name]}") != StepOptions()


def test_a_pipeline_line_gives_a_name_and_typed_parameters():
    line = "churn --param lr:float=1 --param n=3 --param 'city=New York' --param=xs:json=[1,2]"
    assert parse_pipeline_line(line, "cell 1") == PipelineLine(
        "churn",
        (
            Parameter("lr", "float", 1.0),
            Parameter("n", "int", 3),
            Parameter("city", "str", "New York"),
            Parameter("xs", "json", [1, 2]),
        ),
    )


def test_a_pipeline_line_can_switch_its_cache_off():
    assert parse_pipeline_line("churn --no-cache", "cell 1") == PipelineLine("churn", cache=False)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "%pipeline needs a name"),
        ("a b", "Quote a name"),
        ("a --lr 1", "unknown option --lr of %pipeline; use --param"),
        ("a --param", "expected NAME[:TYPE]=VALUE"),
        ("a --param 1x=2", "expected NAME[:TYPE]=VALUE"),
        ("a --param x:int=b", "'x': expected a value of type int, found 'b'"),
        ("a --param x:thing=b", "there is no type 'thing'"),
        ("a --param x=1 --param x=2", "'x' is given twice"),
    ],
)
def test_a_pipeline_line_that_is_not_understood_is_explained(line, words):
    with pytest.raises(StepOptionError) as caught:
        parse_pipeline_line(line, "cell 1")
    assert words in str(caught.value)
