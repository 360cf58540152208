"""What a `%%step` costs over the same plain cell in a kernel that does not know us.

The two kernels run each cell in turn, so that both meet the same machine, and what is told of a
pair is its difference and its ratio, as medians over all pairs:

- of the time from request to reply, and of the processor time that the kernel takes meanwhile,
  which does not depend on what else the machine does;
- of the time that the body itself takes, by the processor's clock within the cell.

Each round changes a constant, so that the step misses and really runs; then it is run again, which
is a hit. At the end stand what is paid once: the first analysis of a cell's text, and the import.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from kernels import ROOT, Kernel

LARGE = "1 GB of outputs"
"""Runs once, and is then a hit in each round: writing it takes as long as the disk does."""
CELLS = {
    "trivial cell (`x = 1`)": "x = {n}",
    "loop of 1e6 iterations": "total = 0\nfor i in range(1_000_000):\n    total += i + {n}",
    "100,000 function calls": "total = 0\nfor i in range(100_000):\n    total = add(total, {n})",
    "pandas cell": "means = frame.assign(k=frame.a + {n}).groupby('key').mean()",
    LARGE: "big = [np.full(1 << 27, float({n})), 1]",
}
SETUP = (
    "import numpy as np, pandas as pd\n"
    "rng = np.random.default_rng(0)\n"
    "frame = pd.DataFrame({'key': rng.integers(0, 100, 100_000), 'a': rng.random(100_000)})\n"
    "def add(a, b):\n    return a + b"
)
TIMED = (
    "import time as __time__\n__t__ = __time__.thread_time()\n"
    "{}\n__t__ = __time__.thread_time() - __t__"
)


@dataclass(frozen=True, slots=True)
class Price:
    """Milliseconds, as medians."""

    plain: float
    ours: float
    added: float
    ratio: float
    added_cpu: float | None = None
    body_ratio: float | None = None
    hit: float | None = None
    hit_cpu: float | None = None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--only", default="", help="cells whose description holds this")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    prices = measure_cells(chosen.rounds, chosen.only)
    if not chosen.only:
        prices["40-line cell, first analysis and key"] = measure_analysis(chosen.rounds)
        prices["import jupyter_mlpipe"] = measure_import(chosen.rounds)
    if chosen.json:
        print(json.dumps({name: asdict(price) for name, price in prices.items()}, indent=2))
        return
    columns = ("what", "plain", "step", "added", "ratio", "added CPU", "body", "hit", "hit CPU")
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for name, price in prices.items():
        print(f"| {name} | {' | '.join(_cells(price))} |")


def measure_cells(rounds: int, only: str) -> dict[str, Price]:
    with tempfile.TemporaryDirectory() as folder:
        places = [Path(folder, name) for name in ("plain", "ours")]
        for place in places:
            place.mkdir()
        plain, ours = (
            Busy(Kernel(place, 300, extension=known))
            for place, known in zip(places, (False, True), strict=True)
        )
        try:
            for kernel in (plain, ours):
                kernel.run(SETUP)
            ours.run(f"%%step setup\n{SETUP}")
            return {
                name: measure_cell(plain, ours, cell, 1 if name == LARGE else rounds)
                for name, cell in CELLS.items()
                if only in name
            }
        finally:
            plain.kernel.kill()
            ours.kernel.kill()


@dataclass(frozen=True, slots=True)
class Run:
    """Milliseconds of one cell."""

    seen: float
    """From request to reply."""
    taken: float
    """By all threads of the kernel."""
    body: float


class Busy:
    """A kernel whose processor time is taken."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self._tasks = Path(f"/proc/{kernel.process}/task")

    def run(self, source: str) -> Run:
        begun = self._taken()
        cell = self.kernel.run(source, {"body": "globals().get('__t__', 0)"})
        if cell.error:
            raise RuntimeError(f"{source!r} failed: {cell.error}")
        taken = (self._taken() - begun) / 1e6
        return Run(cell.seconds * 1000, taken, float(cell.asked["body"]) * 1000)

    def _taken(self) -> int:
        """Nanoseconds since it was started."""
        return sum(int((t / "schedstat").read_text().split()[0]) for t in self._tasks.iterdir())


_HITS = 20
"""At least so many."""


def measure_cell(plain: Busy, ours: Busy, cell: str, rounds: int) -> Price:
    pairs, bodies, hits = [], [], []
    if rounds > 1:
        ours.run(f"%%step bench\n{cell.format(n=-1)}")
    for n in range(rounds):
        source = cell.format(n=n)
        pairs.append((plain.run(source), ours.run(f"%%step bench\n{source}")))
        hits += [ours.run(f"%%step bench\n{source}") for _ in range(_HITS // rounds or 1)]
        timed = TIMED.format(cell.format(n=n + rounds))
        if rounds > 1:
            bodies.append((plain.run(timed), ours.run(f"%%step timed\n{timed}")))
    price = compare([a.seen for a, _ in pairs], [b.seen for _, b in pairs])
    return Price(
        price.plain,
        price.ours,
        price.added,
        price.ratio,
        added_cpu=statistics.median(b.taken - a.taken for a, b in pairs),
        body_ratio=statistics.median(b.body / a.body for a, b in bodies) if bodies else None,
        hit=statistics.median(hit.seen for hit in hits),
        hit_cpu=statistics.median(hit.taken for hit in hits),
    )


def compare(plain: Sequence[float], ours: Sequence[float]) -> Price:
    """Difference and ratio are those of neighbours in time, which meet one machine."""
    pairs = list(zip(plain, ours, strict=True))
    return Price(
        statistics.median(plain),
        statistics.median(ours),
        statistics.median(b - a for a, b in pairs),
        statistics.median(b / a for a, b in pairs),
    )


def measure_analysis(rounds: int) -> Price:
    """Beside compiling the same text, which is what a plain cell pays for it."""
    sys.path.insert(0, str(ROOT))
    from jupyter_mlpipe.analysis.canonical import canonical_hash
    from jupyter_mlpipe.analysis.dataflow import analyze
    from jupyter_mlpipe.analysis.syntax import python_source

    def known(text: str) -> None:
        python = python_source(text)
        canonical_hash(python)
        analyze(python)

    texts = [_FORTY_LINES.replace("0.1", f"0.{n + 1}") for n in range(rounds)]
    compiled = [_timed(lambda text: compile(text, "cell", "exec"), text) for text in texts]
    return compare(compiled, [_timed(known, text) for text in texts])


def _timed(do: Callable[[str], object], text: str) -> float:
    begun = time.thread_time()
    do(text)
    return (time.thread_time() - begun) * 1000


def measure_import(rounds: int) -> Price:
    codes = ("pass", "import jupyter_mlpipe")
    times = [[time_process(code) for code in codes] for _ in range(rounds)]
    return compare([bare for bare, _ in times], [ours for _, ours in times])


def time_process(code: str) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    return (time.perf_counter() - begun) * 1000


def _cells(price: Price) -> list[str]:
    def ms(value: float | None) -> str:
        return "" if value is None else f"{value:.1f} ms"

    body = "" if price.body_ratio is None else f"{price.body_ratio:.3f}"
    shown = [ms(price.plain), ms(price.ours), ms(price.added), f"{price.ratio:.2f}"]
    return [*shown, ms(price.added_cpu), body, ms(price.hit), ms(price.hit_cpu)]


_FORTY_LINES = """\
import numpy as np

def clean(frame, low=0.1, high=0.9):
    a, b = frame.quantile([low, high])
    return frame[(frame > a) & (frame < b)]

numbers = clean(raw.dropna())
scaled = (numbers - numbers.mean()) / numbers.std()
for column in scaled.columns:
    if scaled[column].isna().any():
        scaled[column] = scaled[column].fillna(0)
    elif column.startswith("x"):
        scaled = scaled.rename(columns={column: column.upper()})
groups = scaled.groupby("key")
means = {name: part.mean() for name, part in groups}
spread = [np.std(v) for v in means.values()]

class Model:
    def __init__(self, rate):
        self.rate = rate

    def fit(self, x, y):
        self.w = np.linalg.lstsq(x, y, rcond=None)[0]
        return self

model = Model(rate).fit(scaled.values, target)
errors = scaled.values @ model.w - target
rmse = float(np.sqrt((errors ** 2).mean()))
report = []
with open("report.txt", "w") as f:
    for name, value in sorted(means.items()):
        f.write(f"{name}: {value:.3f}")
        report.append((name, value))
try:
    best = max(report, key=lambda pair: pair[1])
except ValueError:
    best = None
print(f"rmse {rmse:.4f}, best {best}")
text = ", ".join(str(item) for item in report)
total = sum(value for _, value in report) + offset
"""


if __name__ == "__main__":
    main()
