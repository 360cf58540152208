"""Values that another user stored, in a real kernel."""

import os

import pytest

CHANGE_OWNER = "only root gives files away"


@pytest.fixture
def given_away(live_kernel, tmp_path_factory, monkeypatch):
    """Gives all that is stored to another user."""
    if os.getuid():
        pytest.skip(CHANGE_OWNER)

    def give_away():
        for path in (live_kernel.folder / ".mlpipe" / "artifacts").rglob("*"):
            os.chown(path, 4711, 4711)

    return give_away


@pytest.fixture
def live_kernel(tmp_path_factory, monkeypatch, request):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
    return request.getfixturevalue("live_kernel")


def test_what_another_user_pickled_is_asked_about_and_other_values_are_not(live_kernel, given_away):
    live_kernel.run("%%step make\nimport pandas as pd\ndf = pd.DataFrame({'a': [1]})\nn = 3")
    live_kernel.restart()
    given_away()
    refused = live_kernel.run("print(df.a.sum())").line
    assert "`df` v1 cannot be brought back: It was stored by somebody else" in refused
    assert "say `%mlpipe trust`" in refused
    assert live_kernel.run("print(n)").text.endswith("3\n")
    assert "you trust all who may write there" in live_kernel.run("%mlpipe trust").text
    assert live_kernel.run("print(df.a.sum())").text.endswith("1\n")
    live_kernel.restart()
    given_away()
    assert live_kernel.run("print(df.a.sum())").text.endswith("1\n")


def test_settings_that_another_users_step_left_do_not_come_back_before(live_kernel, given_away):
    live_kernel.run("%%step set\nimport pandas as pd\npd.set_option('display.precision', 2)\nn = 3")

    def precision():
        live_kernel.restart()
        live_kernel.run("import pandas as pd")
        return live_kernel.run("print(n, pd.get_option('display.precision'))").text

    given_away()
    assert precision().endswith("3 6\n")
    live_kernel.run("%mlpipe trust")
    assert precision().endswith("3 2\n")


def test_trust_takes_no_words(live_kernel):
    assert "takes no words" in live_kernel.run("%mlpipe trust me").error
