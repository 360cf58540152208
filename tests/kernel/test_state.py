"""State of the kernel's process that is no variable."""


def test_a_changed_environment_variable_is_the_reason_for_running_again(live_kernel):
    live_kernel.run("import os\nos.environ['MODE'] = 'fast'")
    read = "%%step read\nmode = os.environ.get('MODE')"
    live_kernel.run(read)
    assert "cached" in live_kernel.run(read).line
    live_kernel.run("os.environ['MODE'] = 'slow'")
    assert "environment variable MODE changed" in live_kernel.run(read).line


def test_what_a_step_set_is_set_again_on_a_hit(live_kernel):
    step = (
        "%%step set\nimport os, decimal\n"
        "os.environ['MODE'] = 'fast'\nos.chdir('..')\ndecimal.getcontext().prec = 5"
    )
    live_kernel.run("import os\nhere = os.getcwd()\nos.environ['MODE'] = 'fast'")
    live_kernel.run(step)
    live_kernel.run("os.chdir(here)\ndel os.environ['MODE']\nimport decimal")
    live_kernel.run("decimal.getcontext().prec = 28")
    assert "cached" in live_kernel.run(step).line
    set_again = "os.environ['MODE'] == 'fast' and os.getcwd() != here"
    exact = "str(decimal.Decimal(1) / 3) == '0.33333'"
    assert not live_kernel.run(f"assert {set_again} and {exact}").error


def test_env_on_the_line_holds_for_the_step_alone(live_kernel):
    live_kernel.run("import os")
    step = "%%step a --env MODE=fast\nmode = os.environ['MODE']"
    assert not live_kernel.run(step).error
    assert "cached" in live_kernel.run(step).line
    assert not live_kernel.run("assert 'MODE' not in os.environ").error
    changed = live_kernel.run(step.replace("fast", "slow"))
    assert "environment variable MODE changed" in changed.line


def test_a_changed_setting_of_a_library_is_the_reason_for_running_again(live_kernel):
    live_kernel.run("import pandas as pd\ndf = pd.DataFrame({'a': range(9)})")
    show = "%%step show\ntext = repr(df)"
    live_kernel.run(show)
    assert "cached" in live_kernel.run(show).line
    live_kernel.run("pd.set_option('display.max_rows', 4)")
    assert "pandas options changed" in live_kernel.run(show).line


def test_what_cannot_travel_is_named_under_the_cell(live_kernel):
    done = live_kernel.run("%%step make\ng = (n for n in [1, 2])\nlog = open('log.txt', 'w')")
    assert "`g` (a generator) cannot travel" in done.line
    assert "`log` (an open file) cannot travel" in done.line


def test_a_change_to_what_a_generator_holds_is_never_replayed(live_kernel):
    live_kernel.run("%%step make\ndata = [1, 2]\ng = (n for n in data)")
    live_kernel.run("%%step grow\ndata.append(3)")
    live_kernel.run("%%step make\ndata = [1, 2]\ng = (n for n in data)")
    assert "holds on to" in live_kernel.run("%%step grow\ndata.append(3)").line
    assert not live_kernel.run("assert list(g) == [1, 2, 3]").error
