"""Secrets kept out of what is recorded."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SECRET_NAME = re.compile(r"(pass(word|wd)?|secret|token|api_?key|credential|private)", re.I)
_URL_PASSWORD = re.compile(r"(\w+://[^\s:/@]*):[^\s@/]+@")
_SHORTEST = 6
"""Shorter values of secret-sounding variables (`1`, `true`) would blot out ordinary text."""


def is_secret(name: str, value: str) -> bool:
    """Whether an environment variable sounds secret, or holds a URL with a password."""
    return bool(_SECRET_NAME.search(name) or _URL_PASSWORD.search(value))


def redact(text: str, environ: Mapping[str, str]) -> str:
    """Replace passwords in URLs, and values of environment variables that sound secret."""
    for name, value in environ.items():
        if len(value) >= _SHORTEST and _SECRET_NAME.search(name):
            text = text.replace(value, f"[{name}]")
    return _URL_PASSWORD.sub(r"\1:***@", text)
