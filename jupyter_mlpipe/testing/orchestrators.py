"""The contract that every orchestrator passes."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from jupyter_mlpipe.model.errors import OrchestratorError
from jupyter_mlpipe.model.pipeline import (
    CodeArchive,
    FanOut,
    Parameter,
    Pipeline,
    PipelineInput,
    PipelineStep,
    Resources,
    Retries,
    Schedule,
)
from jupyter_mlpipe.orchestrators.base import Orchestrator

HOSTILE_NAMES = (
    "../../etc/passwd",
    'it\'s "quoted"; rm -rf / #',
    "{{ dag_run.conf }} {% raw %}",
    "line one\nline two",
    "🎉 Überraschung \\u0027",
    "$(touch pwned) `touch pwned` %s %",
    "x" * 300,
)

_ARCHIVE = CodeArchive("/store/code/it's {{ here }}.tar.gz", "ab" * 32)


def example_pipeline(name: str = "study") -> Pipeline:
    """Two steps in a row, with a parameter; every text in it is `name`."""
    steps = (
        PipelineStep("load", name, "c0", "h0", command=_command("load"), outputs=("df",)),
        PipelineStep(
            "train",
            f"{name} 2",
            "c1",
            "h1",
            command=_command("train"),
            depends_on=("load",),
            inputs=(PipelineInput("df", ("load",)),),
            env={"NOTE": name},
        ),
    )
    return Pipeline(
        name=name,
        version="v",
        steps=steps,
        parameters=(Parameter("note", "str", name),),
        notebook="study.ipynb",
        code=_ARCHIVE,
        artifact_store="/store",
        metadata_store="sqlite:////store/m.db",
    )


class OrchestratorContract(ABC):
    """Inherit it in a test class, and say which orchestrator and how its files are read."""

    @abstractmethod
    def orchestrator(self) -> Orchestrator:
        """The orchestrator, ready to compile."""

    @abstractmethod
    def check_file(self, path: str, content: str) -> None:
        """Fail when the engine could not read the file."""

    def test_the_same_pipeline_gives_the_same_bytes(self) -> None:
        """Files can be kept under version control and compared."""
        first, second = (self.orchestrator().compile(example_pipeline()) for _ in range(2))
        assert first == second
        assert first

    @pytest.mark.parametrize("name", HOSTILE_NAMES)
    def test_a_hostile_name_is_nothing_but_text(self, name: str) -> None:
        """Files stay readable, and inside the folder, whatever the user called things."""
        for file in self.orchestrator().compile(example_pipeline(name)):
            path = PurePosixPath(file.path)
            assert not path.is_absolute()
            assert ".." not in path.parts
            assert len(path.name) < 100
            assert path.name.isascii()
            self.check_file(file.path, file.content)

    @pytest.mark.parametrize(
        ("capability", "change"),
        [
            ("retries", {"retries": Retries(2, 1.0, 2.0)}),
            ("timeout", {"timeout": 60.0}),
            ("gpu", {"resources": Resources(gpu=1)}),
            ("image", {"image": "python:3.11"}),
            ("secrets", {"secrets": {"TOKEN": "vault/token"}}),
            ("fan_out", {"fan_out": FanOut("xs", "x")}),
            ("condition", {"condition": "x > 1"}),
        ],
    )
    def test_what_the_target_can_express_is_compiled_and_all_else_refused(
        self, capability: str, change: dict[str, object]
    ) -> None:
        """Nothing is dropped silently; the refusal names the step and the field."""
        plain = example_pipeline()
        step = replace(plain.steps[0], **change)  # type: ignore[arg-type]  # checked by replace
        self._compiled_or_refused(replace(plain, steps=(step, plain.steps[1])), capability)

    def test_a_schedule_is_written_or_refused(self) -> None:
        """The cron expression stands in one of the files."""
        scheduled = replace(example_pipeline(), schedule=Schedule("17 6 * * 1", "Europe/Berlin"))
        self._compiled_or_refused(scheduled, "schedule")
        if self.orchestrator().capabilities.schedule:
            texts = "".join(file.content for file in self.orchestrator().compile(scheduled))
            assert "17 6 * * 1" in texts
            assert "Europe/Berlin" in texts

    def test_every_steps_command_names_the_archive_and_its_digest(self) -> None:
        """What runs is exactly what was promoted."""
        texts = "".join(file.content for file in self.orchestrator().compile(example_pipeline()))
        assert "ab" * 32 in texts

    def test_there_is_a_command_to_type(self, tmp_path: Path) -> None:
        """The user is told how to run what was written."""
        assert self.orchestrator().run_command(example_pipeline(), tmp_path)

    def _compiled_or_refused(self, pipeline: Pipeline, capability: str) -> None:
        orchestrator = self.orchestrator()
        if getattr(orchestrator.capabilities, capability):
            for file in orchestrator.compile(pipeline):
                self.check_file(file.path, file.content)
        else:
            with pytest.raises(OrchestratorError, match=capability):
                orchestrator.compile(pipeline)


def check_json(content: str) -> None:
    """Fail unless the text is JSON that any reader takes."""
    json.loads(content, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def _command(step: str) -> tuple[str, ...]:
    place = ("--pipeline", _ARCHIVE.uri, "--sha256", _ARCHIVE.sha256, "--step", step)
    return ("python", "-m", "jupyter_mlpipe", "run-step", *place)
