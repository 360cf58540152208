"""Secrets are kept out of what is recorded."""

import pytest

from jupyter_mlpipe.engine.redaction import redact


@pytest.mark.parametrize(
    "name", ["DB_PASSWORD", "api_key", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY"]
)
def test_values_of_variables_that_sound_secret_are_replaced(name):
    assert redact("could not log in with hunter42!", {name: "hunter42!"}) == (
        f"could not log in with [{name}]"
    )


def test_a_password_in_a_url_is_replaced():
    assert redact("at postgresql://ann:s3cr3t@host/db", {}) == "at postgresql://ann:***@host/db"


def test_ordinary_variables_and_short_values_are_left_alone():
    text = "HOME is /root and the flag is true"
    assert redact(text, {"HOME": "/root", "USE_TOKEN": "true"}) == text
