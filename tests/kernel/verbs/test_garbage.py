"""`%mlpipe gc` in a real kernel."""

import os
import time


def test_gc_tells_what_could_go_and_removes_it_when_told_to(live_kernel):
    live_kernel.run("from jupyter_mlpipe import Client, save_artifact")
    live_kernel.run("for n in range(3):\n    save_artifact(bytes([n]) * 100_000, 'loose')")
    live_kernel.run("%%step load\ndf = [1]")
    long_ago = time.time() - 200_000
    for file in (live_kernel.folder / ".mlpipe" / "artifacts").rglob("*"):
        os.utime(file, (long_ago, long_ago))
    told = live_kernel.run("%mlpipe gc").text.splitlines()
    assert sorted(told[:2]) == ["  loose v1 (133.4 kB)", "  loose v2 (133.4 kB)"]
    assert told[2].startswith("2 versions would be removed, 2")
    assert told[2].endswith("used for a day. Say `%mlpipe gc --yes` to do it.")
    told = live_kernel.run("%mlpipe gc --yes").text
    assert "2 versions removed, 2" in told
    assert "kB of files deleted that nothing names" in told
    assert live_kernel.run("%mlpipe gc").text.startswith("0 versions would be removed, 0 B of")
    left = live_kernel.run("[v.version for v in Client().list_artifact_versions('loose')]")
    assert left.text.endswith("[3]")
    assert live_kernel.run("df").text.endswith("[1]")


def test_gc_is_completed_explained_and_no_part_of_a_step(live_kernel):
    assert live_kernel.complete("%mlpipe gc --") == ["--no-other-project", "--older-than", "--yes"]
    assert "--older-than: expected a duration" in live_kernel.run("%mlpipe gc --older-than x").error
    assert "does not know --now" in live_kernel.run("%mlpipe gc --now").error
    assert "use another cell" in live_kernel.run("%%step a\n%mlpipe gc --yes").error
    assert "gc [--older-than D] [--yes]" in live_kernel.inspect("%mlpipe")
