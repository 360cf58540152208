import shlex
from dataclasses import replace

import pytest

from jupyter_mlpipe.model.errors import OrchestratorError
from jupyter_mlpipe.model.pipeline import Schedule
from jupyter_mlpipe.orchestrators.local import LocalOrchestrator
from jupyter_mlpipe.testing.orchestrators import (
    OrchestratorContract,
    check_json,
    example_pipeline,
)


class TestLocalOrchestrator(OrchestratorContract):
    @pytest.fixture(autouse=True)
    def _settings(self, settings):
        self.settings = settings

    def orchestrator(self):
        return LocalOrchestrator(self.settings)

    def check_file(self, path, content):
        if path.endswith(".json"):
            check_json(content)
        else:
            lines = [line for line in content.splitlines() if not line.startswith("#")]
            assert len(lines) == 2
            assert shlex.split(lines[1])


def crontab(settings, **schedule):
    pipeline = replace(example_pipeline(), schedule=Schedule("0 6 * * *", **schedule))
    return LocalOrchestrator(settings).compile(pipeline)[1].content


def test_a_schedule_becomes_one_line_for_cron(settings):
    line = crontab(settings, timezone="Europe/Berlin").splitlines()[-1]
    assert line.startswith("0 6 * * * cd ")
    assert shlex.split(line)[-2:] == ["run", str(settings.home / "code" / f"{'ab' * 32}.tar.gz")]


def test_runs_do_not_overlap_unless_that_is_allowed(settings):
    assert "flock -n" in crontab(settings)
    assert "flock" not in crontab(settings, concurrency="allow")


def test_a_percent_sign_does_not_end_the_line(settings):
    odd = replace(settings, home=settings.home / "100%")
    assert "/100\\%/code/" in crontab(odd)


@pytest.mark.parametrize(
    "schedule",
    [
        {"catchup": True, "start": "2026-01-01"},
        {"end": "2030-01-01"},
        {"concurrency": "replace"},
    ],
)
def test_what_cron_cannot_do_is_refused(settings, schedule):
    with pytest.raises(OrchestratorError, match="cron cannot express"):
        crontab(settings, **schedule)
