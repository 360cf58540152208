"""`%mlpipe lineage`, `diff` and `rollback` in a real kernel."""

import json
import subprocess
import sys


def run_three(kernel):
    kernel.run("%%step load\nraw = [1, 2]")
    kernel.run("%%step clean\ndf = [2 * x for x in raw]")
    kernel.run("%%step fit\nmodel = sum(df)")


def test_lineage_draws_what_a_variable_was_made_from_and_used_for(live_kernel):
    run_three(live_kernel)
    told = live_kernel.run("%mlpipe lineage df").text.splitlines()
    assert told == [
        "df v1 by step clean",
        "made from",
        "└─ raw v1 by step load",
        "used for",
        "└─ model v1 by step fit",
    ]


def test_diff_of_two_versions_tells_what_is_known_of_both(live_kernel):
    live_kernel.run("%%step one --out xs=numbers\nxs = [1, 2]")
    live_kernel.run("%%step one --out xs=numbers\nxs = 'text'")
    told = live_kernel.run("%mlpipe diff numbers@1 xs@2").text
    assert "numbers@1 → numbers@2" in told
    assert "type: list → str" in told


def test_diff_of_two_runs_tells_parameters_code_and_data(live_kernel):
    for rate in (1, 2):
        live_kernel.run(f"%%params\nrate: int = {rate}")
        live_kernel.run(f"%%step one\na = [rate]\nb = {rate}")
        live_kernel.restart()
    told = live_kernel.run("%mlpipe diff 1 2").text
    assert "parameter rate: 1 → 2" in told
    assert "-b = 1\n    +b = 2" in told
    assert "step one: output a: v1 → v2" in told


def test_the_command_line_compares_runs_as_json(live_kernel):
    for value in (1, 2):
        live_kernel.run(f"%%step one\na = {value}")
        live_kernel.restart()
    command = [sys.executable, "-m", "jupyter_mlpipe", "run", "diff", "latest~1", "latest"]
    done = subprocess.run(
        [*command, "--json"],
        cwd=live_kernel.folder, env=live_kernel._env, capture_output=True, check=True,
    )  # fmt: skip
    changes = {c["what"]: c for c in json.loads(done.stdout)["changes"]}
    assert changes["step one: code"]["diff"] == "-a = 1\n+a = 2"


def test_rollback_binds_an_earlier_version_and_later_steps_read_it(live_kernel):
    live_kernel.run("%%step load\nraw = [1]")
    live_kernel.run("%%step total\ns = sum(raw)")
    live_kernel.run("%%step load\nraw = [1, 2]")
    live_kernel.run("%%step total\ns = sum(raw)")
    assert "study::load::raw v1 again" in live_kernel.run("%mlpipe rollback raw@1").text
    assert "cached" in live_kernel.run("%%step total\ns = sum(raw)").line
    assert live_kernel.run("print(raw, s)").text.endswith("[1] 1\n")
    assert live_kernel.run("%mlpipe lineage raw").text.startswith("raw v1 by step load")


def test_a_restart_restores_what_was_rolled_back_to(live_kernel):
    live_kernel.run("%%step load\nraw = [1]\nother = 3")
    live_kernel.run("%%step load\nraw = [1, 2]\nother = 4")
    live_kernel.run("%mlpipe rollback raw@1")
    live_kernel.restart()
    assert live_kernel.run("print(raw, other)").text.endswith("[1] 4\n")


def test_a_version_that_is_not_there_is_answered_with_those_there_are(live_kernel):
    live_kernel.run("%%step load\nraw = [1]")
    assert "has no version 7" in live_kernel.run("%mlpipe rollback raw@7").error
    assert "NAME@VERSION" in live_kernel.run("%mlpipe rollback raw").error
    assert "raw@1" in live_kernel.complete("%mlpipe rollback ra")
