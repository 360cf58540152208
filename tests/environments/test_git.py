import subprocess

import pytest

from jupyter_mlpipe.environments.git import git_state, watched_files, without_credentials


def git(folder, *arguments):
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    git(tmp_path, "init", "--initial-branch=main")
    (tmp_path / "a.py").write_text("x = 1\n")
    git(tmp_path, "add", "a.py")
    git(tmp_path, "commit", "--message=first")
    return tmp_path


def test_a_clean_repository_tells_commit_branch_and_remote(repository):
    git(repository, "remote", "add", "origin", "https://me:secret@example.org/x.git")
    state = git_state(repository)
    assert len(state.sha) == 40
    assert (state.branch, state.dirty) == ("main", None)
    assert state.remote == "https://example.org/x.git"


def test_each_edit_gives_another_digest_and_undoing_it_gives_none(repository):
    digests = []
    for text in ("x = 2\n", "x = 3\n", "x = 1\n"):
        (repository / "a.py").write_text(text)
        digests.append(git_state(repository).dirty)
    assert digests[0] != digests[1]
    assert digests[2] is None


def test_a_new_file_is_dirt_but_what_we_write_ourselves_is_not(repository):
    inner = repository / "inner"
    for folder in (repository / ".mlpipe", inner / ".mlpipe"):
        folder.mkdir(parents=True)
        (folder / "metadata.db").write_bytes(b"x")
    assert git_state(inner).dirty is None
    (repository / "new.py").touch()
    assert git_state(inner).dirty is not None


def test_a_detached_head_has_no_branch(repository):
    git(repository, "checkout", "--detach")
    assert git_state(repository).branch is None


def test_outside_a_repository_before_a_commit_and_without_git_there_is_nothing(
    tmp_path, monkeypatch
):
    assert git_state(tmp_path) is None
    git(tmp_path, "init")
    assert git_state(tmp_path) is None
    monkeypatch.setenv("PATH", "")
    assert git_state(tmp_path) is None


def test_a_commit_moves_what_is_watched(repository):
    watched = watched_files(repository / "deep" / "folder")
    before = [path.stat().st_mtime_ns for path in watched]
    git(repository, "commit", "--allow-empty", "--message=second")
    assert [path.stat().st_mtime_ns for path in watched] != before


def test_a_work_tree_watches_its_own_head(repository, tmp_path):
    git(repository, "worktree", "add", "beside")
    assert all(path.exists() for path in watched_files(repository / "beside"))


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("https://token@example.org/a/b.git", "https://example.org/a/b.git"),
        ("https://me:p%40ss@example.org:8443/a", "https://example.org:8443/a"),
        ("https://example.org/a?private_token=x", "https://example.org/a"),
        ("git@example.org:a/b.git", "example.org:a/b.git"),
        ("ssh://git@example.org/a@b", "ssh://example.org/a@b"),
        ("/srv/me@home/repository", "/srv/me@home/repository"),
    ],
)
def test_a_remote_keeps_no_credentials(remote, expected):
    assert without_credentials(remote) == expected
