"""Cron expressions in a time zone: checked before anything is written, and told in advance."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from jupyter_mlpipe.model.errors import PipelineError
from jupyter_mlpipe.model.pipeline import Schedule

CONCURRENCY = ("forbid", "allow", "replace")


def validate_schedule(schedule: Schedule) -> None:
    """Refuse a schedule that no orchestrator could follow.

    Raises:
        PipelineError: Names the field, what it holds and what was expected.
    """
    zone = _zone(schedule)
    _fires(schedule.cron, datetime.now(zone))
    if schedule.concurrency not in CONCURRENCY:
        raise PipelineError(
            f"The schedule's concurrency is {schedule.concurrency!r}; "
            f"expected one of {', '.join(CONCURRENCY)}."
        )
    start, end = _moment("start", schedule.start, zone), _moment("end", schedule.end, zone)
    if start and end and end <= start:
        raise PipelineError(f"The schedule ends ({schedule.end}) before it starts.")
    if schedule.catchup and start is None:
        raise PipelineError("A schedule that catches up needs a start to catch up from.")


def next_fires(schedule: Schedule, after: datetime, count: int) -> tuple[datetime, ...]:
    """The first `count` moments after `after` at which the schedule fires, in its time zone.

    `after` must know its own time zone. A schedule that ends gives fewer.

    Raises:
        PipelineError: The schedule is not valid.
    """
    validate_schedule(schedule)
    zone = _zone(schedule)
    begin = after.astimezone(zone)
    start, end = _moment("start", schedule.start, zone), _moment("end", schedule.end, zone)
    fires: list[datetime] = []
    for fire in _fires(schedule.cron, begin):
        if len(fires) == count or (end and fire > end):
            break
        if start is None or fire >= start:
            fires.append(fire)
    return tuple(fires)


def _zone(schedule: Schedule) -> ZoneInfo:
    try:
        return ZoneInfo(schedule.timezone)
    except (KeyError, ValueError, OSError) as error:
        raise PipelineError(
            f"The time zone {schedule.timezone!r} is not known here; "
            "expected a name such as UTC or Europe/Berlin."
        ) from error


def _fires(cron: str, after: datetime) -> CronSim:
    fields = cron.split()
    if len(fields) != 5:
        raise PipelineError(
            f"The schedule {cron!r} has {len(fields)} fields; expected five: minute, hour, day, "
            "month, weekday, such as '0 6 * * *'."
        )
    try:
        fires = CronSim(cron, after)
        next(CronSim(cron, after))
    except CronSimError as error:
        raise PipelineError(
            f"The schedule {cron!r} is not a cron expression ({error}); "
            "expected five fields such as '0 6 * * *'."
        ) from error
    except StopIteration:
        raise PipelineError(f"The schedule {cron!r} never fires.") from None
    return fires


def _moment(name: str, text: str | None, zone: ZoneInfo) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise PipelineError(
            f"The schedule's {name} is {text!r}; expected a date such as 2026-01-31."
        ) from error
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
