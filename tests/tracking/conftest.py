from dataclasses import replace

import pytest

from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.run import (
    OPAQUE,
    Dependency,
    DependencyKind,
    Immovable,
    Input,
    Output,
    Run,
    Status,
    StepRun,
)
from jupyter_mlpipe.tracking.sql import SqlMetadataStore


class History:
    """Records step runs one after the other, a second apart."""

    def __init__(self, store):
        self.store = store
        self.clock = 100.0
        self.live = {}
        self.run_id = "run"
        self.run = Run("run", "p", "notebook", Status.RUNNING, self.clock)
        store.append([self.run])

    def outside(self, variable):
        (version,) = self.store.append(
            [ArtifactVersion(new_id(), f"p::{variable}", new_id(), "m", variable=variable)]
        )
        self.live[variable] = version
        return version

    def step(self, name, reads="", writes=None, **changes):
        """`reads` and the keys of `writes` are variables; its values stand for their content."""
        self.clock += 1
        step_run = new_id()
        inputs = tuple(Input(v, self.live[v].id) for v in reads.split())
        versions = [
            ArtifactVersion(
                new_id(),
                f"p::{name}::{variable}",
                content,
                "m",
                variable=variable,
                step_run=step_run,
                created=self.clock,
            )
            for variable, content in (writes or {}).items()
        ]
        outputs = tuple(Output(v.variable, v.id, v.variable in reads.split()) for v in versions)
        facts = {"status": Status.SUCCEEDED, "cell_hash": name, "seconds": 0.5, **changes}
        run = StepRun(
            step_run,
            self.run_id,
            "p",
            name,
            started=self.clock,
            inputs=inputs,
            outputs=outputs,
            **facts,
        )
        stored = self.store.append([run, *versions])
        self.live |= {version.variable: version for version in stored[1:]}
        return run

    def unkept(self, name, reads="", makes="", changes=""):
        """A step that reads, makes or changes variables that cannot be stored."""
        opaque = tuple(Dependency(DependencyKind.INPUT, v, OPAQUE) for v in reads.split())
        left = [Immovable(v, "variable", "a generator") for v in makes.split()]
        left += [Immovable(v, "variable", "a generator", mutated=True) for v in changes.split()]
        return self.step(name, dependencies=opaque, immovable=tuple(left))

    def hit(self, original):
        self.clock += 1
        cached = {"status": Status.CACHED, "cached_from": original.id, "reason": "unchanged"}
        run = replace(original, id=new_id(), started=self.clock, **cached)
        self.store.append([run])
        return run


@pytest.fixture
def history(tmp_path):
    store = SqlMetadataStore(f"sqlite:///{tmp_path / 'metadata.db'}")
    yield History(store)
    store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """Of an empty database, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'metadata.db'}"
    return request.getfixturevalue("postgres").url(tmp_path.name)
