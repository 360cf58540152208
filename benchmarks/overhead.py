"""What a `%%step` costs over the same plain cell, in one live kernel, and what the import costs.

Each cell is run by the kernel as it would be for a frontend; the time is that from request to
reply, as the median of many, plain and step in turn so that both meet the same machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from jupyter_client import BlockingKernelClient, KernelManager
from jupyter_client.kernelspec import KernelSpec

CELLS = {
    "trivial cell (`x = 1`)": "x = {n}",
    "loop of 1e6 iterations": "total = 0\nfor i in range(1_000_000):\n    total += i + {n}",
    "pandas cell": "means = frame.assign(k=frame.a + {n}).groupby('key').mean()",
}
SETUP = (
    "import numpy as np, pandas as pd\n"
    "rng = np.random.default_rng(0)\n"
    "frame = pd.DataFrame({'key': rng.integers(0, 100, 100_000), 'a': rng.random(100_000)})"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    rounds = parser.parse_args().rounds
    figures = measure_cells(rounds)
    figures["import jupyter_mlpipe"] = measure_import(rounds)
    if parser.parse_args().json:
        print(json.dumps(figures, indent=2))
        return
    print("| what | plain | as a step | added | ratio | a hit |\n|---|---|---|---|---|---|")
    for name, figure in figures.items():
        plain, ours, added = (f"{figure[kind]:.1f} ms" for kind in ("plain", "ours", "added"))
        hit = f"{figure['hit']:.1f} ms" if "hit" in figure else ""
        print(f"| {name} | {plain} | {ours} | {added} | {figure['ratio']:.2f} | {hit} |")


def measure_cells(rounds: int) -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        manager = KernelManager()
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        manager._kernel_spec = KernelSpec(argv=[*command, "--ext=mlpipe_kernel"])  # noqa: SLF001
        manager.start_kernel(cwd=folder, env={**os.environ, "IPYTHONDIR": f"{folder}/.ipython"})
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        try:
            run(client, SETUP)
            run(client, f"%%step setup\n{SETUP}")
            return {name: measure_cell(client, cell, rounds) for name, cell in CELLS.items()}
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def measure_cell(client: BlockingKernelClient, cell: str, rounds: int) -> dict[str, float]:
    """Each round changes a constant, so that the step misses and really runs."""
    plain, ours, hit = [], [], []
    for n in range(rounds):
        source = cell.format(n=n)
        plain.append(run(client, source))
        ours.append(run(client, f"%%step bench\n{source}"))
        hit.append(run(client, f"%%step bench\n{source}"))
    return {**compare(plain, ours), "hit": statistics.median(hit)}


def compare(plain: list[float], ours: list[float]) -> dict[str, float]:
    """Medians; difference and ratio are those of neighbours in time, which meet one machine."""
    pairs = list(zip(plain, ours, strict=True))
    return {
        "plain": statistics.median(plain),
        "ours": statistics.median(ours),
        "added": statistics.median(b - a for a, b in pairs),
        "ratio": statistics.median(b / a for a, b in pairs),
    }


def run(client: BlockingKernelClient, source: str) -> float:
    """Milliseconds from request to reply."""
    begun = time.perf_counter()
    reply = client.execute(source, reply=True, timeout=120)
    taken = time.perf_counter() - begun
    if reply["content"]["status"] != "ok":
        raise RuntimeError(f"{source!r} failed: {reply['content']}")
    return taken * 1000


def measure_import(rounds: int) -> dict[str, float]:
    root = Path(__file__).parent.parent
    codes = ("pass", "import jupyter_mlpipe")
    times = [[time_process(code, root) for code in codes] for _ in range(rounds)]
    return compare([bare for bare, _ in times], [ours for _, ours in times])


def time_process(code: str, root: Path) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    main()
