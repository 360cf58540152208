import gc
import os

from jupyter_mlpipe.storage.scratch import ScratchFolders


def test_a_folder_is_empty_whenever_it_is_lent():
    scratch = ScratchFolders()
    for _ in range(2):
        with scratch.folder() as folder:
            assert not list(folder.iterdir())
            (folder / "file").write_text("x")
            (folder / "below").mkdir()


def test_two_at_a_time_are_two():
    scratch = ScratchFolders()
    with scratch.folder() as one, scratch.folder() as other:
        assert one != other


def test_what_was_lent_is_used_again_and_goes_in_the_end():
    scratch = ScratchFolders()
    with scratch.folder() as first:
        pass
    with scratch.folder() as second:
        assert first == second
    del scratch
    gc.collect()
    assert not first.parent.exists()


def test_a_forked_child_leaves_the_parents_folders_alone():
    scratch = ScratchFolders()
    with scratch.folder() as ours:
        pass
    child = os.fork()
    if child == 0:
        with scratch.folder() as theirs:
            os._exit(0 if theirs.parent != ours.parent else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ours.exists()
