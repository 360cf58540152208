import json

import pytest

CELL = "%%step load\ndf = [1, 2]"


@pytest.fixture
def promoted(project, mlpipe):
    cell = {"cell_type": "code", "source": CELL, "metadata": {}, "outputs": []}
    book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    (project / "study.ipynb").write_text(json.dumps(book))
    told = mlpipe(*PROMOTE)
    assert told[0] == 0
    return told


PROMOTE = ("promote", "study.ipynb", "--to", "local", "--schedule", "0 6 * * *", "--out", "cron")


def test_where_nothing_is_scheduled_one_is_told_how(mlpipe, project):
    status, out, _ = mlpipe("schedule", "list")
    assert status == 0
    assert "mlpipe promote" in out
    assert not (project / ".mlpipe").exists()


def test_schedules_are_listed_with_their_next_run(mlpipe, promoted):
    _, out, _ = mlpipe("schedule", "list")
    head, line = out.splitlines()
    assert head.split()[:3] == ["PIPELINE", "TARGET", "SCHEDULE"]
    assert line.startswith("study     local   0 6 * * * UTC  ")
    assert line.endswith("current")


def test_machines_get_schedules_as_json(mlpipe, promoted, project):
    told = json.loads(mlpipe("schedule", "list", "--json")[1])
    (one,) = told["schedules"]
    assert (told["total"], one["state"], len(one["next_fires"])) == (1, "current", 3)
    assert one["files"][0] == str(project / "cron" / "study.pipeline.json")


def test_a_schedule_is_deleted_and_the_user_told_what_is_left(mlpipe, promoted, project):
    status, out, _ = mlpipe("schedule", "delete", "study")
    assert status == 0
    assert out.splitlines()[1:] == [
        f"deleted {project / 'cron' / 'study.crontab'}",
        "If its line is in your crontab, take it out there (`crontab -e`).",
    ]
    assert json.loads(mlpipe("schedule", "list", "--json")[1])["total"] == 0


def test_machines_are_told_what_was_deleted(mlpipe, promoted, project):
    (project / "cron" / "study.crontab").unlink()
    told = json.loads(mlpipe("schedule", "delete", "study", "--json")[1])
    assert told["deleted"] == [str(project / "cron" / "study.pipeline.json")]
    assert told["missing"] == [str(project / "cron" / "study.crontab")]
    assert told["ended"][0]["ended"]


def test_what_is_not_scheduled_cannot_be_deleted(mlpipe, promoted):
    status, _, err = mlpipe("schedule", "delete", "other")
    assert status == 2
    assert err.startswith("mlpipe: 'other' has no schedule. Scheduled are: study on local.")
