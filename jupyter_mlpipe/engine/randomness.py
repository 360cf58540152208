"""The states of the global random generators, which every call to them reads and changes."""

from __future__ import annotations

import pickle
import random
import sys
from collections.abc import Mapping
from typing import Any

from jupyter_mlpipe.model.digest import digest_of


def capture_states() -> Mapping[str, bytes]:
    """The state of each generator whose library is loaded; about 0.2 ms."""
    states = {"random": pickle.dumps(random.getstate())}
    numpy = sys.modules.get("numpy.random")
    if numpy is not None:
        states["numpy.random"] = pickle.dumps(numpy.get_state())
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "get_rng_state"):
        states["torch"] = torch.get_rng_state().numpy().tobytes()
    return states


def restore_state(generator: str, state: bytes) -> None:
    """Put one generator into an earlier state; its library is imported when it must be."""
    if generator == "random":
        random.setstate(pickle.loads(state))
    elif generator == "numpy.random":
        import numpy as np

        np.random.set_state(pickle.loads(state))
    elif generator == "torch":
        import numpy as np
        import torch

        torch.set_rng_state(torch.from_numpy(np.frombuffer(state, dtype=np.uint8).copy()))


def state_digest(generator: str, states: Mapping[str, Any]) -> str:
    """What a lookup compares; empty when the generator's library is not loaded."""
    state = states.get(generator)
    return digest_of("random", state) if state is not None else ""
