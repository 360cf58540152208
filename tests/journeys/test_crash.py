"""A kernel killed in the middle of a commit leaves a store that opens, and no half version."""

import random
import sqlite3
import time

import pytest

from jupyter_mlpipe.config import load_settings
from jupyter_mlpipe.engine.context import open_context
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.run import StepRun
from jupyter_mlpipe.tracking.store import Query

KILLS = 20
CELL = (
    "%%step grow\nimport numpy as np\n"
    "block = np.random.default_rng({n}).random(3_000_000)\nnames = ['x' * 1000] * 500"
)


@pytest.fixture
def kernel(live_kernel):
    live_kernel.run("import numpy as np")
    live_kernel.run(CELL.format(n=KILLS))  # so that the first kill meets a store in use
    return live_kernel


def test_twenty_kills_at_random_moments_leave_no_version_half_there(kernel):
    moments = random.Random(4)
    for n in range(KILLS):
        message = kernel.client.session.msg(
            "execute_request", {"code": CELL.format(n=n), "silent": False, "store_history": True}
        )
        kernel.client.shell_channel.send(message)
        time.sleep(moments.uniform(0.02, 0.5))
        kernel.kill()
        everything_recorded_loads(kernel.folder)
        kernel.start()
    assert "v" in kernel.run(CELL.format(n=1000)).line


def everything_recorded_loads(folder):
    settings = load_settings(folder, {})
    database = sqlite3.connect(settings.home / "metadata.db")
    assert database.execute("pragma integrity_check").fetchone() == ("ok",)
    database.close()
    context = open_context(settings)
    versions = context.metadata.find(Query(ArtifactVersion, limit=10_000)).items
    assert versions
    for version in versions:
        assert context.values.load(version) is not None
    steps = context.metadata.find(Query(StepRun, limit=10_000)).items
    known = {version.id for version in versions}
    assert all(output.version_id in known for step in steps for output in step.outputs)
    context.metadata.close()
