"""What a session of many variables costs to continue: the first mention of a value after a restart.

Each time is that from request to reply of a cell that mentions one small value, beside the same
cell in a kernel without us that holds the value already.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from kernels import Kernel

STEPS = 20
FUNCTIONS = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variables", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        plain = measure_plain(Path(folder))
        make(Path(folder), chosen.variables)
        first = [measure(Path(folder)) for _ in range(chosen.rounds)]
    value, following = (statistics.median(times) for times in zip(*first, strict=True))
    print(f"plain {plain:.1f} ms, first value {value:.1f} ms, second {following:.1f} ms")


def make(folder: Path, variables: int) -> None:
    """A session of steps that leave so many variables, and of functions that they call."""
    kernel = Kernel(folder, 120, extension=True)
    functions = (f"def f{i}(x):\n    return x + {i}" for i in range(FUNCTIONS))
    kernel.run("\n".join(functions))
    for step in range(STEPS):
        names = range(step, variables, STEPS)
        lines = (f"v{i} = [f{i % FUNCTIONS}({i})]" for i in names)
        kernel.run(f"%%step s{step}\n" + "\n".join(lines))
    kernel.kill()


def measure(folder: Path) -> tuple[float, float]:
    """Milliseconds for the first and the second value that is mentioned."""
    kernel = Kernel(folder, 120, extension=True)
    time.sleep(2)  # as long as one looks at the notebook before one runs a cell
    times = tuple(kernel.run(f"v{i}").seconds * 1000 for i in (0, 1))
    kernel.kill()
    return times[0], times[1]


def measure_plain(folder: Path) -> float:
    kernel = Kernel(folder, 120, extension=False)
    kernel.run("v0 = [0]")
    seconds = kernel.run("v0").seconds
    kernel.kill()
    return seconds * 1000


if __name__ == "__main__":
    main()
