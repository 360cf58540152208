"""What the metadata store costs, on SQLite and PostgreSQL, beside the limits we hold ourselves to.

Questions are asked of a made-up history of a million artifact versions (`history.py`). Each figure
is a median, and the best in parentheses; the first answer, for which nothing was at hand, is left
out. `at best`: the median misses the limit, as it does on a busy machine.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from history import STEPS, History, Landmarks
from sqlalchemy import Table

from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.engine.context import RunContext, open_context
from jupyter_mlpipe.engine.values import KeptValue
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.run import Output, Run, Status, StepRun
from jupyter_mlpipe.storage.flushing import LaterFlush
from jupyter_mlpipe.tracking.database import open_database
from jupyter_mlpipe.tracking.sql import SqlMetadataStore
from jupyter_mlpipe.tracking.store import Query

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.postgres import running_server

_FASTER = {
    "sqlite": ("PRAGMA foreign_keys = OFF", "PRAGMA cache_size = -1000000"),
    "postgresql": ("SET session_replication_role = replica", "SET statement_timeout = 0"),
}
"""Keys that refer to nothing are not looked for while a history is loaded."""

Question = Callable[[], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--versions", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    chosen = parser.parse_args()
    for kind in ("sqlite", "postgresql"):
        if chosen.only in (None, kind):
            with tempfile.TemporaryDirectory() as folder, database(kind, Path(folder)) as url:
                measure(url, Path(folder), chosen)


@contextlib.contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'metadata.db'}"
        return
    with running_server() as server:
        server.run("ALTER SYSTEM SET fsync = on")
        server.run("SELECT pg_reload_conf()")
        yield server.url("benchmark")


def measure(url: str, folder: Path, chosen: argparse.Namespace) -> None:
    print(f"{url.partition(':')[0]}")
    keep, record = step(url, folder)
    show("three small outputs stored and recorded", 2, keep, chosen.rounds * 3, pause=0.05)
    show("three small outputs recorded", 2, record, chosen.rounds * 3, pause=0.05)
    marks = load(url, chosen.versions)
    store = SqlMetadataStore(url)
    for words, limit, question in questions(store, marks):
        show(words, limit, question, chosen.rounds)
    store.close()


def show(words: str, limit: float, question: Question, rounds: int, *, pause: float = 0.0) -> None:
    """Between steps a kernel has time to bring content to disk, hence a pause."""
    question()
    times = []
    for _ in range(rounds):
        time.sleep(pause)
        begun = time.perf_counter()
        question()
        times.append((time.perf_counter() - begun) * 1000)
    median, best = statistics.median(times), min(times)
    verdict = "" if median <= limit else "   TOO SLOW" if best > limit else "   at best"
    print(f"  {words:40} {median:8.2f} ({best:.2f}) ms of {limit:.0f}{verdict}", flush=True)


def step(url: str, folder: Path) -> tuple[Question, Question]:
    """What happens as a step ends in a kernel: the whole, and the part of the metadata store."""
    settings = Settings(folder, folder / ".mlpipe", metadata_store=url)
    context = open_context(settings, LaterFlush())
    run = Run(new_id(), "p", "notebook", Status.RUNNING, time.time())
    numbers = itertools.count()

    def store() -> dict[str, KeptValue]:
        number = next(numbers)
        values = {"rate": number / 7, "names": [str(number)] * 20, "facts": {"rows": number}}
        return {name: context.values.keep(value) for name, value in values.items()}

    kept = store()
    return lambda: record(context, run, store()), lambda: record(context, run, kept)


def record(context: RunContext, run: Run, kept: dict[str, KeptValue]) -> None:
    id_, now = new_id(), time.time()
    versions = [
        ArtifactVersion(
            new_id(),
            f"p::train::{name}",
            value.digest,
            value.manifest,
            variable=name,
            step_run=id_,
            created=now,
        )
        for name, value in kept.items()
    ]
    outputs = tuple(Output(version.variable, version.id) for version in versions)
    step_run = StepRun(id_, run.id, "p", "train", Status.SUCCEEDED, now, outputs=outputs)
    context.metadata.append((run, *versions, step_run))


def load(url: str, versions: int) -> Landmarks:
    """Fill the tables past the store, which would take hours for it."""
    history = History(max(versions // (2 * STEPS) - 100, 1))
    begun = time.perf_counter()
    engine = open_database(url)
    connection = engine.raw_connection()
    cursor = connection.cursor()
    sqlite = engine.dialect.name == "sqlite"
    for setting in _FASTER[engine.dialect.name]:
        cursor.execute(setting)
    cursor.execute("BEGIN")
    for table, found in history.batches():
        insert(cursor, table, found, sqlite=sqlite)
    cursor.execute("COMMIT")
    if not sqlite:  # whose planner was told when the tables were made
        cursor.execute("VACUUM ANALYZE")
    connection.close()
    engine.dispose()
    print(f"  (a history of {versions} versions, made in {time.perf_counter() - begun:.0f} s)")
    assert history.landmarks is not None
    return history.landmarks


def insert(cursor: Any, table: Table, found: list[tuple[object, ...]], *, sqlite: bool) -> None:
    names = ", ".join(f'"{column.name}"' for column in list(table.columns)[: len(found[0])])
    if sqlite:
        places = ", ".join("?" * len(found[0]))
        cursor.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({places})", found)
        return
    with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in found:
            copy.write_row(row)


def questions(store: SqlMetadataStore, marks: Landmarks) -> Iterator[tuple[str, float, Question]]:
    def lineage(version: str, direction: str, depth: int, limit: int) -> Question:
        return lambda: store.lineage(version, direction, depth=depth, limit=limit)

    def pages(kind: type, where: dict[str, object] | None = None, **more: object) -> Question:
        return lambda: store.find(Query(kind, where or {}, **more))

    yield "lineage of a run's last version, whole", 5, lineage(marks.last, "upstream", 100, 1000)
    yield "lineage as the sidebar asks for it", 5, lineage(marks.last, "upstream", 20, 1000)
    yield "ten thousand versions upstream", 150, lineage(marks.summit, "upstream", 1000, 100_000)
    yield "a dataset downstream, cut at 1000", 20, lineage(marks.dataset, "downstream", 20, 1000)
    yield "newest versions", 20, pages(ArtifactVersion, counted=False)
    yield "how many versions there are", 100, pages(ArtifactVersion)
    yield "newest version of each name", 20, pages(ArtifactVersion, latest_only=True)
    yield "versions of a name", 20, pages(ArtifactVersion, {"name": marks.name})
    yield "versions by pattern", 20, pages(ArtifactVersion, name_pattern="pipeline3::step7::*")
    yield "versions by rare pattern", 20, pages(ArtifactVersion, name_pattern="*layer7::3*")
    yield "versions of a type", 20, pages(ArtifactVersion, {"type": "DATA"}, counted=False)
    yield "versions of a rare type", 20, pages(ArtifactVersion, {"type": "MODEL"})
    yield "versions of a variable", 20, pages(ArtifactVersion, {"variable": "score"}, counted=False)
    yield "versions of a rare variable", 20, pages(ArtifactVersion, {"variable": "df"})
    yield "runs", 20, pages(Run)
    yield "runs of a pipeline", 20, pages(Run, {"pipeline": "pipeline3"})
    yield "runs by status", 20, pages(Run, {"status": "failed"})
    yield "steps of a run", 20, pages(StepRun, {"run_id": marks.run}, newest_first=False)
    yield (
        "newest run of a step",
        20,
        pages(
            StepRun,
            {"pipeline": "pipeline3", "step": "step7", "status": ("succeeded", "cached")},
            limit=1,
            counted=False,
        ),
    )
    yield "who read a version", 20, pages(StepRun, {"input": marks.last})
    yield "newest who read a dataset", 20, pages(StepRun, {"input": marks.dataset}, counted=False)


if __name__ == "__main__":
    os.environ.pop("MLPIPE_METADATA_STORE", None)
    main()
