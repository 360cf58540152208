"""What the records of a project keep alive."""

import os

import numpy as np
import pytest

from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.engine import garbage
from jupyter_mlpipe.engine.context import open_context
from jupyter_mlpipe.engine.garbage import collect
from jupyter_mlpipe.model.artifact import ArtifactVersion, Removal
from jupyter_mlpipe.model.digest import new_id
from jupyter_mlpipe.model.run import Run, Status, StepRun


@pytest.fixture
def context(tmp_path):
    opened = open_context(Settings(tmp_path, tmp_path / ".mlpipe"))
    yield opened
    opened.metadata.close()


def age(folder):
    for path in folder.rglob("*"):
        os.utime(path, (1, 1))


@pytest.mark.parametrize("page", [2, 1000])
def test_what_records_name_stays_and_nothing_else(context, monkeypatch, page):
    monkeypatch.setattr(garbage, "_PAGE", page)
    kept = [context.values.keep(np.arange(100_000.0) + n) for n in range(3)]
    shown, state = context.blobs.put(b"displayed"), context.blobs.put(b"state")
    run = Run(new_id(), "p", "notebook", Status.SUCCEEDED, 1.0)
    step_run = StepRun(
        *(new_id(), run.id, "p", "load", Status.SUCCEEDED, 2.0),
        display=shown,
        effects={"random": state},
    )
    versions = [ArtifactVersion(new_id(), "a", k.digest, k.manifest) for k in kept[:2]]
    context.metadata.append([run, step_run, *versions])
    age(context.settings.root / ".mlpipe" / "artifacts")
    assert collect(context.blobs, context.metadata, dry_run=True).packs == 1
    assert collect(context.blobs, context.metadata).packs == 1
    assert [context.values.load_manifest(k.manifest)[0] for k in kept[:2]] == [0, 1]
    assert (context.blobs.get(shown), context.blobs.get(state)) == (b"displayed", b"state")
    assert not context.blobs.exists(kept[2].manifest)


def test_what_is_named_stays_while_others_are_removed_between_two_looks(context, monkeypatch):
    monkeypatch.setattr(garbage, "_PAGE", 2)
    kept = [context.values.keep(np.arange(100_000.0) + n) for n in range(6)]
    versions = [
        ArtifactVersion(new_id(), f"a{n}", k.digest, k.manifest) for n, k in enumerate(kept)
    ]
    context.metadata.append(versions)
    find, looks = context.metadata.find, []

    def find_and_remove(query):
        looks.append(query)
        found = find(query)
        if len(looks) == 2:
            context.metadata.append([Removal(version.id) for version in versions[:2]])
        return found

    monkeypatch.setattr(context.metadata, "find", find_and_remove)
    age(context.settings.root / ".mlpipe" / "artifacts")
    collect(context.blobs, context.metadata)
    assert [context.values.load_manifest(k.manifest)[0] for k in kept[2:]] == [2, 3, 4, 5]
