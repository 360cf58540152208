"""Files that a step wrote go with the path that it leaves."""

import os
import shutil
import sys

import pytest

from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.run import DependencyKind
from jupyter_mlpipe.tracking.store import Query
from tests.engine.sessions import Session

WRITE = "%%step write\nfrom pathlib import Path\nout = Path({!r})\nout.write_text('made')"


def materializer(session, name):
    where = {"variable": name}
    return session.context.metadata.find(Query(ArtifactVersion, where)).items[0].materializer


def elsewhere(session, monkeypatch, name):
    """The same store, but nothing in memory."""
    (version,) = session.context.metadata.find(Query(ArtifactVersion, {"variable": name})).items
    other = Session(session.folder)
    monkeypatch.setitem(sys.modules, "__main__", other.main)
    other.variables.expect({name: version})
    return other


@pytest.fixture
def written(session, tmp_path):
    session.folder = tmp_path
    path = tmp_path / "work" / "out.txt"
    path.parent.mkdir()
    session.step(WRITE.format(str(path)))
    return path


def test_a_file_that_the_step_wrote_is_found_again_elsewhere(session, written, monkeypatch):
    assert materializer(session, "out") == "files"
    shutil.rmtree(written.parent)
    other = elsewhere(session, monkeypatch, "out")
    other.step("%%step read\ntext = out.read_text()")
    assert other["text"] == "made"
    (read,) = other.records(step="read")
    assert not read.uncacheable
    assert [d.kind for d in read.dependencies if d.name == str(written)] == [DependencyKind.FILE]
    other.context.metadata.close()


def test_a_step_that_reads_the_file_hits_and_runs_again_when_it_changed(session, written):
    read = "%%step read\ntext = out.read_text()"
    assert session.step(read).step_run.status == "succeeded"
    assert session.step(read).step_run.status == "cached"
    written.write_text("other")
    assert session.step(read).step_run.status == "succeeded"
    assert session["text"] == "other"


def test_a_folder_goes_along_only_where_the_step_wrote_all_of_it(session, written, tmp_path):
    make = "%%step make\nfrom pathlib import Path\nmade = Path({!r})\nmade.mkdir(exist_ok=True)\n"
    make += "(made / 'x').write_text('x')"
    session.step(make.format(str(tmp_path / "new")))
    assert materializer(session, "made") == "files"
    old = tmp_path / "old"
    old.mkdir()
    (old / "before").write_text("the user's")
    os.utime(old / "before", (1, 1))
    session.step(make.format(str(old)))
    assert materializer(session, "made") == "plain"


def test_the_name_alone_is_kept_where_the_user_says_so(session, tmp_path):
    line, _, body = WRITE.format(str(tmp_path / "out.txt")).partition("\n")
    session.step(f"{line} --materializer out=plain\n{body}")
    assert materializer(session, "out") == "plain"


def test_paths_to_what_was_there_before_stay_names(session, tmp_path):
    session.step("%%step name\nfrom pathlib import Path\nwhere = Path('/usr/bin/env')")
    assert materializer(session, "where") == "plain"
