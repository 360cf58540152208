"""The expression after `--if`."""

from __future__ import annotations

import ast

from jupyter_mlpipe.analysis.dataflow import analyze
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.model.step import StepSignature


def problem_with_condition(text: str) -> str:
    """Why a text cannot be a condition, as a sentence; empty when it can."""
    try:
        statements = parse(text.strip()).body
    except SyntaxError as error:
        return f"`{text}` is no Python expression ({error.msg}); quote it as a whole."
    if len(statements) != 1 or not isinstance(statements[0], ast.Expr):
        return f"`{text}` is no expression; a condition looks like 'n > 3'."
    if any(isinstance(node, _ACTING) for node in ast.walk(statements[0])):
        return f"`{text}` does more than ask; a condition neither binds names nor waits."
    return ""


def condition_signature(text: str | None) -> StepSignature:
    """What evaluating a condition reads; nothing where there is none."""
    return StepSignature() if text is None else analyze(text.strip())


_ACTING = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)
