"""Files that promotions write: told apart from the user's own."""

from __future__ import annotations

import json
from pathlib import Path


def generated_mark(pipeline: str) -> str:
    """First line of every file we write that can hold a comment: ours to replace later."""
    return f"# Written by mlpipe promote from the pipeline {json.dumps(pipeline)}."


def is_written_by_promoting(path: Path, pipeline: str) -> bool:
    """Whether a promotion of this pipeline wrote the file; False where it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
        if text.startswith(f"{generated_mark(pipeline)}\n"):
            return True
        stated = json.loads(text)
    except (OSError, ValueError):
        return False
    return isinstance(stated, dict) and "ir_version" in stated and stated.get("name") == pipeline
