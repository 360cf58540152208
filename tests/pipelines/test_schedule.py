from datetime import UTC, datetime

import pytest

from jupyter_mlpipe.model.errors import PipelineError
from jupyter_mlpipe.model.pipeline import Schedule
from jupyter_mlpipe.pipelines.schedule import next_fires, validate_schedule

NOW = datetime(2026, 3, 28, 12, tzinfo=UTC)


def test_fires_are_told_in_the_schedules_own_time_zone_across_a_clock_change():
    fires = next_fires(Schedule("0 6 * * *", "Europe/Berlin"), NOW, 2)
    assert [f.isoformat() for f in fires] == [
        "2026-03-29T06:00:00+02:00",
        "2026-03-30T06:00:00+02:00",
    ]


def test_nothing_fires_before_the_start_or_after_the_end():
    schedule = Schedule("0 0 * * *", start="2026-04-01", end="2026-04-02")
    assert [f.day for f in next_fires(schedule, NOW, 5)] == [1, 2]


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (Schedule("0 6 * *"), "4 fields; expected five"),
        (Schedule("0 25 * * *"), "not a cron expression"),
        (Schedule("'; rm -rf / #' * * * *"), "fields"),
        (Schedule("0 0 30 2 *"), "30 2"),
        (Schedule("0 6 * * *", "Mars/Olympus"), "time zone 'Mars/Olympus'"),
        (Schedule("0 6 * * *", "../etc/passwd"), "time zone"),
        (Schedule("0 6 * * *", concurrency="perhaps"), "forbid, allow, replace"),
        (Schedule("0 6 * * *", start="soon"), "start is 'soon'"),
        (Schedule("0 6 * * *", start="2026-02-01", end="2026-01-01"), "before it starts"),
        (Schedule("0 6 * * *", catchup=True), "needs a start"),
    ],
)
def test_an_impossible_schedule_is_refused_with_what_was_found(schedule, message):
    with pytest.raises(PipelineError, match=message):
        validate_schedule(schedule)
