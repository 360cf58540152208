"""What steps of one run leave to each other beside variables."""

from dataclasses import replace

import pytest

from jupyter_mlpipe.engine.file_facts import nothing_left
from jupyter_mlpipe.engine.handover import taken_away
from jupyter_mlpipe.model.pipeline import Pipeline, PipelineStep
from jupyter_mlpipe.model.run import Dependency, DependencyKind, Run, Status, StepRun
from jupyter_mlpipe.tracking.sql import SqlMetadataStore

GONE, THERE = nothing_left(), "d"


@pytest.fixture
def left(tmp_path):
    """What is gone for the last of some steps, each of which left paths with digests."""
    store = SqlMetadataStore(f"sqlite:///{tmp_path}/metadata.db")

    def find(*written, hits=()):
        ids = [f"s{n}" for n in range(len(written) + 1)]
        steps = tuple(
            PipelineStep(i, i, i, "h", depends_on=tuple(ids[:n])) for n, i in enumerate(ids)
        )
        runs = (Run(name, "p", "pipeline", Status.RUNNING, 0.0) for name in ("r", "earlier"))
        store.append(tuple(runs))
        for id_, paths in zip(ids, written, strict=False):
            told = tuple(Dependency(DependencyKind.WRITTEN, *found) for found in paths.items())
            run, status = ("earlier" if id_ in hits else "r"), Status.SUCCEEDED
            store.append((StepRun(f"{id_}-run", run, "p", id_, status, 0.0, dependencies=told),))
            if id_ in hits:
                hit = StepRun(f"{id_}-hit", "r", "p", id_, Status.CACHED, 1.0)
                store.append((replace(hit, cached_from=f"{id_}-run"),))
        return taken_away(Pipeline("p", "1", steps), steps[-1], "r", store)

    yield find
    store.close()


def test_a_file_that_a_step_above_took_away_is_gone(left):
    assert left({"/a": THERE, "/b": THERE}, {"/a": GONE}) == {"/a"}


def test_a_file_that_was_made_again_is_not(left):
    assert left({"/a": GONE}, {"/a": THERE}) == set()


def test_a_hit_took_away_what_its_run_did(left):
    assert left({"/a": GONE}, hits=["s0"]) == {"/a"}
