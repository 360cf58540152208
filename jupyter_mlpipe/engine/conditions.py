"""Whether a step is to run at all."""

from __future__ import annotations

from jupyter_mlpipe.analysis.closure import close_over
from jupyter_mlpipe.analysis.conditions import condition_signature
from jupyter_mlpipe.engine.scope import Scope
from jupyter_mlpipe.model.errors import StepOptionError
from jupyter_mlpipe.model.step import StepSource


def condition_holds(step: StepSource, scope: Scope) -> bool:
    """Evaluate the step's `--if` where the cell would run; true where it has none.

    Raises:
        StepOptionError: The expression raises, or is neither true nor false.
        CorruptArtifactError: The stored bytes of a variable it reads were changed.
        ValueNotLoadableError: A variable it reads needs a class or package that is missing here.
    """
    condition = step.options.condition
    if condition is None:
        return True
    variables = scope.variables
    signature = condition_signature(condition)
    reached = close_over(signature, variables.namespace, scope.modules)
    wanted = variables.pending if reached.dynamic else reached.reads | reached.absent
    variables.load(tuple(wanted))
    try:
        return bool(eval(condition.strip(), variables.namespace))
    except Exception as error:
        raise StepOptionError(
            step.label,
            f"--if `{condition}` raised {type(error).__name__}: {error}. The cell did not run.",
        ) from error
