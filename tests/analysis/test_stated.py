"""`mlpipe.yaml`, read for one pipeline."""

import pytest

from jupyter_mlpipe.analysis.notebook import Cell, parse_cells, with_stated
from jupyter_mlpipe.analysis.options import parse_step_line
from jupyter_mlpipe.analysis.stated import StatedReader, read_stated
from jupyter_mlpipe.model.artifact import ArtifactConfig, ArtifactType
from jupyter_mlpipe.model.errors import NotebookError
from jupyter_mlpipe.model.pipeline import Resources, Retries
from jupyter_mlpipe.model.step import StepSource

WHOLE = """
enable_cache: true
tags: [nightly]
parameters:
  lr: 0.2
settings:
  resources: {cpu_count: 2, memory: 4GB}
steps:
  train:
    enable_cache: false
    version: v1.0
    tags: [release]
    metadata: {team: x}
    resources: {gpu: 1}
    retry: {max_retries: 3, delay: 10, backoff: 2}
    timeout: 30m
    image: python:3.12
    env: {MODE: fast}
    outputs:
      model:
        artifact_config: {name: clf, version: prod, artifact_type: MODEL, tags: [a]}
      report: the_report
      df: {materializer: cloudpickle}
"""


def step(line, stated):
    name, options = parse_step_line(line, "the cell")
    return stated.over(StepSource(name, "x = 1", options)).options


def test_everything_that_can_be_said_is_read():
    stated = read_stated(WHOLE, "study")
    assert (stated.cache, stated.tags, stated.parameters) == (True, ("nightly",), {"lr": 0.2})
    options = step("train", stated)
    assert (options.cache, options.version, options.timeout) == (False, "v1.0", 1800)
    assert options.resources == Resources(gpu=1)
    assert options.retries == Retries(3, 10, 2)
    assert (options.image, options.env) == ("python:3.12", {"MODE": "fast"})
    assert options.materializers == {"df": "cloudpickle"}
    assert options.of_output("model") == ArtifactConfig(
        "clf", "prod", ("release", "a"), ArtifactType.MODEL, {"team": "x"}
    )
    assert options.of_output("report").name == "the_report"
    assert step("load", stated).resources == Resources(cpu=2, memory=4_000_000_000)


def test_previews_are_switched_off_for_a_pipeline_and_on_again_for_a_step():
    text = "enable_artifact_visualization: false\nsteps: {load: {KEY: true}}"
    stated = read_stated(text.replace("KEY", "enable_artifact_visualization"), "study")
    assert not step("train", stated).visualizations
    assert step("load --no-visualizations", stated).visualizations


def test_the_file_wins_over_the_line_and_tags_add_up():
    stated = read_stated(WHOLE, "study")
    line = "train --out model=mine --version dev --tag own --type model=DATA --timeout 5s"
    options = step(line, stated)
    said = options.of_output("model")
    assert (said.name, said.version, said.artifact_type) == ("clf", "prod", "MODEL")
    assert said.tags == ("own", "release", "a")
    assert (options.version, options.timeout) == ("v1.0", 1800)


def test_what_is_said_of_one_pipeline_wins_over_what_is_said_of_all():
    text = (
        "tags: [a]\nparameters: {lr: 1, n: 2}\n"
        "pipelines:\n  study:\n    tags: [b]\n    parameters: {lr: 3}\n  other:\n    tags: [c]\n"
    )
    stated = read_stated(text, "study")
    assert (stated.tags, stated.parameters) == (("a", "b"), {"lr": 3, "n": 2})
    assert read_stated(text, "third").tags == ("a",)


def test_what_is_said_of_a_step_in_one_pipeline_is_joined_with_what_is_said_everywhere():
    text = (
        "resources: {cpu: 2}\nsteps:\n  train: {version: v1, tags: [a], timeout: 5s}\n"
        "pipelines:\n  study:\n    image: python:3.12\n"
        "    steps:\n      train: {version: v2, tags: [b]}\n"
    )
    options = step("train", read_stated(text, "study"))
    assert (options.version, options.tags, options.timeout) == ("v2", ("a", "b"), 5)
    assert (options.resources.cpu, options.image) == (2, "python:3.12")


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("steps:\n  train: [\n", 3, "is not YAML"),
        ("a: b: c\n", 1, "is not YAML"),
        ("stps:\n  train: {}\n", 1, "unknown key 'stps'. Did you mean 'steps'"),
        ("steps:\n  train:\n    versoin: v1\n", 3, "Did you mean 'version'"),
        ("steps:\n  train:\n    version: 3\n", 3, "expected a text, found 3"),
        ("steps:\n  train:\n    version: '3'\n", 3, "looks like a number"),
        ("steps:\n  train:\n    tags: raw\n", 3, "expected a list of texts"),
        ("steps:\n  train:\n    enable_cache: maybe\n", 3, "expected true or false"),
        ("steps:\n  train:\n    resources:\n      memory: lots\n", 4, "expected a size"),
        ("steps:\n  train:\n    outputs:\n      df: {colour: red}\n", 4, "has no 'colour'"),
        ("steps:\n  train:\n    outputs:\n      df: 3\n", 4, "expected a name"),
        ("steps:\n  a: {}\n  a: {}\n", 3, "'a' is said twice"),
        ("- a\n", 1, "expected keys with values"),
        ("tags: [x]\nparameters: 3\n", 2, "expected names with values"),
        ("pipelines:\n  other:\n    stps: {}\n", 3, "Did you mean 'steps'"),
    ],
)
def test_what_cannot_be_used_is_one_line_with_its_number(text, line, problem):
    with pytest.raises(NotebookError) as refused:
        read_stated(text, "study", "mlpipe.yaml")
    message = str(refused.value)
    assert message.startswith(f"mlpipe.yaml, line {line}: ")
    assert problem in message
    assert "\n" not in message


def test_yaml_never_makes_objects():
    with pytest.raises(NotebookError, match="line 1"):
        read_stated("parameters: !!python/object/apply:os.system ['true']\n", "study")


@pytest.mark.parametrize("text", ["", "# nothing yet\n"])
def test_an_empty_file_says_nothing(text):
    assert step("train --tag x", read_stated(text, "study")).tags == ("x",)


def test_the_file_is_read_again_when_it_was_written_to(tmp_path):
    reader = StatedReader()
    assert reader.read(tmp_path, "study").tags == ()
    (tmp_path / "mlpipe.yaml").write_text("tags: [a]\n")
    first = reader.read(tmp_path, "study")
    assert reader.read(tmp_path, "study") is first
    (tmp_path / "mlpipe.yaml").write_text("tags: [a, b]\n")
    assert reader.read(tmp_path, "study").tags == ("a", "b")


def test_a_notebook_takes_parameters_cache_and_steps_from_the_file():
    cells = [
        Cell("%%params\nlr: float = 0.1\nn = 3"),
        Cell("%%step train\nx = 1", position=1),
    ]
    text = "enable_cache: false\nparameters: {lr: 1}\nsteps:\n  train: {tags: [a]}\n  tran: {}\n"
    notebook = with_stated(parse_cells(cells, "study"), read_stated(text, "study"))
    assert [(p.name, p.default) for p in notebook.parameters] == [("lr", 1.0), ("n", 3)]
    assert (notebook.cache, notebook.steps[0].options.tags) == (False, ("a",))
    assert notebook.notes == ("mlpipe.yaml speaks of a step tran, which is not there.",)


def test_a_parameter_of_another_type_is_refused():
    cells = [Cell("%%params\nlr: float = 0.1")]
    with pytest.raises(NotebookError, match="lr"):
        with_stated(parse_cells(cells, "study"), read_stated("parameters: {lr: x}", "study"))
