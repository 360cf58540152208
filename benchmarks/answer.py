"""How soon a kernel answers after a step that leaves a gigabyte, and when it is stored.

Each value is made by a plain cell and by a step, in turn, beside a raw write of as many bytes with
one fsync. Every cell reads the clock as it ends, for how long a machine takes to hand out a
gigabyte of memory varies by seconds: what counts is what comes after. Best of several; every step
leaves another value, so that nothing is stored already.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from inspect import getsource
from pathlib import Path

from kernels import Kernel
from storage import mixed_frame

MAKES = {
    "array of 1 GB": (954, "np.arange(125_000_000.) + {n}"),
    "numeric frame of 1 GB": (954, "pd.DataFrame(np.arange(125_000_000.).reshape(-1, 50) + {n})"),
    "mixed frame of 500 MB": (477, "mixed_frame(5_380_000, int(2 * {n}))"),
}
"""Each with its mebibytes."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="on the disk to measure")
    said = parser.parse_args()
    print("| | raw write | answer, added | of the raw write | stored after | of the raw write |")
    print("|---|---|---|---|---|---|")
    for name, (size, make) in MAKES.items():
        with tempfile.TemporaryDirectory(dir=said.folder) as folder:
            raw, added, stored = measure(Path(folder), size, make, said.rounds)
        print(
            f"| {name} | {raw:.2f} s | {1000 * added:.0f} ms | {added / raw:.2f} "
            f"| {stored:.2f} s | {stored / raw:.2f} |",
            flush=True,
        )


def measure(folder: Path, size: int, make: str, rounds: int) -> tuple[float, float, float]:
    kernel = Kernel(folder, 300, extension=True)
    try:
        kernel.run("import numpy as np, pandas as pd")
        kernel.run("from time import perf_counter\nfrom typing import Any")
        kernel.run(getsource(mixed_frame))
        kernel.run("%%step warm\nx = 1")
        found = [
            (write_raw(folder / "raw", size), *measure_once(kernel, make, n)) for n in range(rounds)
        ]
    finally:
        kernel.kill()
    raw, plain, step, stored = map(min, zip(*found, strict=True))
    return raw, step - plain, stored


def measure_once(kernel: Kernel, make: str, n: int) -> tuple[float, float, float]:
    """Seconds from the body's end to the plain answer, to ours, and to stored."""
    plain, _ = after_body(kernel, f"value = {make.format(n=n + 0.5)}")
    step, stored = after_body(kernel, f"%%step make\nvalue = {make.format(n=n)}")
    return plain, step, stored


def after_body(kernel: Kernel, source: str) -> tuple[float, float]:
    """Seconds until the answer, and until the next cell has run, which waits for storing."""
    kernel.run(f"{source}\nended = perf_counter()")
    answered = time.perf_counter()
    kernel.run("pass")
    stored = time.perf_counter()
    ended = float(kernel.run("value = None", {"ended": "ended"}).asked["ended"])
    return answered - ended, stored - ended


def write_raw(path: Path, size: int) -> float:
    data = memoryview(bytearray(os.urandom(1 << 20)) * size)
    begun = time.perf_counter()
    with path.open("wb") as file:
        file.write(data)
        os.fsync(file.fileno())
    seconds = time.perf_counter() - begun
    path.unlink()
    return seconds


if __name__ == "__main__":
    main()
