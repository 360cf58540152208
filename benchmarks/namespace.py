"""What the variables around a step cost it: small step cells in namespaces of many kinds.

Each cell is run by a kernel as for a frontend, as a plain cell and as a step that misses, in turn.
The figures are medians of the processor time that the kernel takes, which does not depend on what
else the machine does; waiting for the disk is in `overhead.py`.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from kernels import Kernel
from overhead import Busy

IMPORTS = "import numpy as np, pandas as pd\n"
MIXED = "vars().update({f'v{n}': [n, str(n), [n], {'a': n}, (1, n)][n % 5] for n in range(COUNT)})"
ARRAYS = "a = np.ones(({0} << 20) // 16)\nb = pd.DataFrame(np.ones((({0} << 20) // 128, 8)))"
CASES = {
    "nothing": ("pass", "x = {n}"),
    "1,000 small variables": (MIXED.replace("COUNT", "1000"), "x = {n}"),
    "5,000 small variables": (MIXED.replace("COUNT", "5000"), "x = {n}"),
    "1 GB of arrays and frames, read": (ARRAYS.format(1024), "x = a[{n}] + b.iat[{n}, 1]"),
    "1 GB of arrays and frames, one element written": (ARRAYS.format(1024), "a[{n}] = 2 + {n}"),
    "1 GB of arrays and frames, no use": (ARRAYS.format(1024), "x = {n}"),
    "5 GB of arrays and frames, read": (ARRAYS.format(5120), "x = a[{n}] + b.iat[{n}, 1]"),
    "list of 1e6 numbers": ("l = list(range(10**6))", "x = {n}"),
    "dict of 1e5 lists": ("l = {n: [n] for n in range(10**5)}", "x = {n}"),
    "frame of 1e6 texts": ("l = pd.DataFrame({'t': [f't{n}' for n in range(10**6)]})", "x = {n}"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--only", default="")
    said = parser.parse_args()
    print("| around the step | plain | as a step | added |\n|---|---|---|---|")
    for name, (setup, cell) in CASES.items():
        for pages in (True, False):
            shown = name if pages else f"{name}, without watching pages"
            if said.only in shown and (pages or "1 GB" in name):
                plain, ours, added = measure(setup, cell, said.rounds, pages=pages)
                print(f"| {shown} | {plain:.1f} ms | {ours:.1f} ms | {added:.1f} ms |", flush=True)


def measure(setup: str, cell: str, rounds: int, *, pages: bool) -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory() as folder:
        told = {"MLPIPE_PAGE_TRACKING": str(pages)}
        kernel = Kernel(Path(folder), 300, extension=True, told=told)
        try:
            return compare(Busy(kernel), setup, cell, rounds)
        finally:
            kernel.kill()


def compare(kernel: Busy, setup: str, cell: str, rounds: int) -> tuple[float, float, float]:
    kernel.run(IMPORTS + setup)
    kernel.run(f"%%step bench\n{cell.format(n=rounds)}")
    pairs = []
    for n in range(rounds):
        source = cell.format(n=n)
        pairs.append((kernel.run(source).taken, kernel.run(f"%%step bench\n{source}").taken))
    plain, ours = zip(*pairs, strict=True)
    added = statistics.median(b - a for a, b in pairs)
    return statistics.median(plain), statistics.median(ours), added


if __name__ == "__main__":
    main()
