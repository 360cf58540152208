from dataclasses import replace

import pytest

from jupyter_mlpipe.model.errors import OrchestratorError
from jupyter_mlpipe.model.pipeline import FanOut, Resources, Schedule
from jupyter_mlpipe.orchestrators.base import Capabilities
from jupyter_mlpipe.orchestrators.requirements import advisory_warnings, refuse_inexpressible
from jupyter_mlpipe.testing.orchestrators import example_pipeline


def with_step(**change):
    pipeline = example_pipeline()
    return replace(pipeline, steps=(replace(pipeline.steps[0], **change),))


def test_everything_that_cannot_be_expressed_is_named_at_once():
    pipeline = with_step(image="x", condition="y")
    with pytest.raises(OrchestratorError, match=r"'study' asks for image.*asks for condition"):
        refuse_inexpressible(pipeline, "The moon", Capabilities())


def test_a_schedule_nobody_would_follow_is_refused():
    pipeline = replace(example_pipeline(), schedule=Schedule("* * * * *"))
    with pytest.raises(OrchestratorError, match="schedule"):
        refuse_inexpressible(pipeline, "The moon", Capabilities())


def test_limits_that_are_not_enforced_are_a_warning():
    pipeline = with_step(resources=Resources(cpu=2))
    assert "study" in advisory_warnings(pipeline, "This machine", Capabilities())[0]
    assert advisory_warnings(pipeline, "A cluster", Capabilities(resources=True)) == ()
    assert advisory_warnings(example_pipeline(), "This machine", Capabilities()) == ()


def test_elements_that_share_a_task_are_worth_a_word():
    pipeline = with_step(fan_out=FanOut("xs", "x"))
    (line,) = advisory_warnings(pipeline, "This machine", Capabilities(resources=True))
    assert "one after the other, inside one task (steps: study)" in line
