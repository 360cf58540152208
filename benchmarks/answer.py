"""How soon a kernel answers after a step that leaves a gigabyte, and when it is stored.

Each value is made by a plain cell and by a step, in turn, beside a raw write of as many bytes with
one fsync. Best of several; every step leaves another value, so that nothing is stored already.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from kernels import Kernel

MAKES = {
    "array of 1 GB": "np.arange(125_000_000.) + {n}",
    "numeric frame of 1 GB": "pd.DataFrame(np.arange(125_000_000.).reshape(-1, 50) + {n})",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="on the disk to measure")
    said = parser.parse_args()
    print("| | raw write | answer, added | of the raw write | stored after | of the raw write |")
    print("|---|---|---|---|---|---|")
    for name, make in MAKES.items():
        with tempfile.TemporaryDirectory(dir=said.folder) as folder:
            raw, added, stored = measure(Path(folder), make, said.rounds)
        print(
            f"| {name} | {raw:.2f} s | {1000 * added:.0f} ms | {added / raw:.2f} "
            f"| {stored:.2f} s | {stored / raw:.2f} |",
            flush=True,
        )


def measure(folder: Path, make: str, rounds: int) -> tuple[float, float, float]:
    kernel = Kernel(folder, 300, extension=True)
    try:
        kernel.run("import numpy as np, pandas as pd")
        kernel.run("%%step warm\nx = 1")
        found = [measure_once(kernel, folder, make, n) for n in range(rounds)]
    finally:
        kernel.kill()
    raw, plain, step, stored = map(min, zip(*found, strict=True))
    return raw, step - plain, stored - plain


def measure_once(kernel: Kernel, folder: Path, make: str, n: int) -> tuple[float, ...]:
    """Seconds of the raw write, of a plain cell, of the answer, and until all is stored."""
    raw = write_raw(folder / "raw")
    plain = kernel.run(f"value = {make.format(n=n + 0.5)}").seconds
    kernel.run("value = None")
    begun = time.perf_counter()
    step = kernel.run(f"%%step make\nvalue = {make.format(n=n)}").seconds
    kernel.run("pass")  # waits for what is being stored
    stored = time.perf_counter() - begun
    kernel.run("value = None")
    return raw, plain, step, stored


def write_raw(path: Path) -> float:
    data = memoryview(bytearray(os.urandom(1 << 20)) * 954)
    begun = time.perf_counter()
    with path.open("wb") as file:
        file.write(data)
        os.fsync(file.fileno())
    seconds = time.perf_counter() - begun
    path.unlink()
    return seconds


if __name__ == "__main__":
    main()
