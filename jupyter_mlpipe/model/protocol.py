"""Everything that crosses the wire to and from the browser, as one JSON Schema.

`python -m jupyter_mlpipe.model.protocol` prints it; the labextension's types are made from it.
"""

from __future__ import annotations

import json
import sys

from jupyter_mlpipe.model.events import (
    CellsEdited,
    NotebookMoved,
    SessionStarted,
    StaleReady,
    StaleWanted,
    StepFinished,
    StepsStale,
    StepStarted,
)
from jupyter_mlpipe.model.views import (
    ArtifactDetails,
    LineageGraph,
    PromotePlan,
    PromoteRequest,
    RunDetails,
    RunView,
    Target,
)
from jupyter_mlpipe.model.wire import json_schema


def protocol_schema() -> str:
    """The schema as the text that is kept in the labextension's sources."""
    schema = json_schema(
        SessionStarted,
        StepStarted,
        StepFinished,
        StepsStale,
        StaleReady,
        NotebookMoved,
        CellsEdited,
        StaleWanted,
        LineageGraph,
        ArtifactDetails,
        Target,
        PromoteRequest,
        PromotePlan,
        RunDetails,
        RunView,
    )
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(protocol_schema())
