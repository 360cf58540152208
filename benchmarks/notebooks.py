"""Real notebooks, every code cell a step: run, run again, kill the kernel, restore, compare.

`python benchmarks/notebooks.py DIR` tries each notebook below DIR (`.ipynb`, or `.py` with cells
divided by `# %%`): plainly, in two kernels, to see which of its values and outputs are the same
each time at all, and twice in the second of them; then with `%%step` on top of every code cell.
It tells

- what differs from the plain run: errors, outputs, variables;
- how many steps hit when all are run again, in the same kernel and in a new one, why the others
  did not, and what then differs from the plain run that was run again;
- what differs in a new kernel, after the old one was killed, once every variable is mentioned.

The code of the notebooks is run as it is. Each has a scratch copy of its folder to run in.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import shutil
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import nbformat
from kernels import Cell, Kernel, digests_of, facts_of

from jupyter_mlpipe.analysis.dataflow import analyze
from jupyter_mlpipe.analysis.syntax import python_source


@dataclass
class Verdict:
    """What came of one notebook; empty lists are good."""

    notebook: str
    cells: int = 0
    errors: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)
    compared: int = 0
    hits: int = 0
    misses: list[str] = field(default_factory=list)
    never: list[str] = field(default_factory=list)
    wrong_after_hits: list[str] = field(default_factory=list)
    restored: int = 0
    not_restored: list[str] = field(default_factory=list)
    ratio: float = 0.0
    """Time of the cells as steps to that of the plain ones."""
    problem: str = ""

    @property
    def right(self) -> bool:
        """Whether everything that can be the same was the same."""
        wrong = (self.errors, self.outputs, self.variables, self.wrong_after_hits)
        return not (self.problem or any(wrong) or self.misses or self.not_restored)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="a regular expression on the file's name")
    parser.add_argument("--limit", type=int, default=10_000, help="how many notebooks")
    parser.add_argument("--timeout", type=float, default=300, help="seconds for one cell")
    parser.add_argument("--json", type=Path, help="write the verdicts to this file, too")
    chosen = parser.parse_args()
    paths = [p for p in sorted(chosen.folder.rglob("*")) if p.suffix in (".ipynb", ".py")]
    paths = [p for p in paths if re.search(chosen.only, p.name) and _usable(p)][: chosen.limit]
    verdicts = []
    for path in paths:
        verdicts.append(try_notebook(path, chosen.timeout))
        report(verdicts[-1])
    summarise(verdicts)
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(v) for v in verdicts], indent=2))
    return 0 if all(v.right for v in verdicts) else 1


def try_notebook(path: Path, timeout: float) -> Verdict:
    """Run one notebook all the ways there are."""
    sources = code_cells(path)
    verdict = Verdict(path.name, cells=len(sources))
    with tempfile.TemporaryDirectory(prefix="mlpipe-notebooks-") as scratch:
        try:
            _try(path, sources, verdict, Path(scratch), timeout)
        except (TimeoutError, RuntimeError) as error:
            verdict.problem = str(error)
    return verdict


def _try(path: Path, sources: list[str], verdict: Verdict, scratch: Path, timeout: float) -> None:
    first = run_plain(path, sources, scratch / "plain-1", timeout)
    second = run_plain(path, sources, scratch / "plain-2", timeout, passes=2)
    plain = Plain(*first, *second)
    folder = _copy_of_folder(path, scratch / "steps")
    marked = [f"%%step s{n:03}\n{source}" for n, source in enumerate(sources)]
    kernel = Kernel(folder, timeout, extension=True)
    ours = [kernel.run(cell) for cell in marked]
    seconds = [sum(cell.seconds for cell in cells) for cells in (ours, plain.cells[0])]
    verdict.ratio = round(seconds[0] / seconds[1], 2)
    _compare_cells(plain, ours, verdict)
    names = sorted(plain.steady)
    verdict.variables = _different(plain.left[0], digests_of(kernel, names), names)
    verdict.compared = len(names)
    again = [kernel.run(cell) for cell in marked]
    _count_hits(again, facts_of(folder), verdict, same_kernel=True)
    left = digests_of(kernel, names)
    _compare_hits(plain, again, verdict)
    verdict.wrong_after_hits += _different(plain.left[2], left, names)
    kernel.kill()
    failed = {
        n
        for source, cell in zip(sources, ours, strict=True)
        if cell.error
        for n in _written(source)
    }
    kept = [n for n in names if n in left and n not in failed and not left[n].startswith("opaque")]
    kernel = Kernel(folder, timeout, extension=True)
    verdict.not_restored = _different(left, digests_of(kernel, kept), kept)
    verdict.restored = len(kept) - len(verdict.not_restored)
    kernel.kill()
    _run_anew(folder, marked, plain, verdict, timeout)


def _run_anew(
    folder: Path, marked: list[str], plain: Plain, verdict: Verdict, timeout: float
) -> None:
    """All cells once more, in a kernel that has no part in what ran before."""
    kernel = Kernel(folder, timeout, extension=True)
    again = [kernel.run(cell) for cell in marked]
    _count_hits(again, facts_of(folder), verdict, same_kernel=False)
    _compare_hits(plain, again, verdict)
    names = [n for n in sorted(plain.steady) if plain.left[0][n] == plain.left[2].get(n)]
    verdict.wrong_after_hits += _different(plain.left[0], digests_of(kernel, names), names)
    kernel.kill()


def _written(source: str) -> frozenset[str]:
    return analyze(python_source(source)).writes


@dataclass
class Plain:
    """The notebook without us: in one kernel, then twice over in another one."""

    first: list[list[Cell]]
    left_first: list[dict[str, str]]
    second: list[list[Cell]]
    left_second: list[dict[str, str]]

    @property
    def cells(self) -> list[list[Cell]]:
        """What was shown."""
        return [*self.first, *self.second]

    @property
    def left(self) -> list[dict[str, str]]:
        """Digests of the variables in the end."""
        return [*self.left_first, *self.left_second]

    @property
    def steady(self) -> set[str]:
        """Variables that hold the same whenever the notebook is run."""
        once, other, _ = self.left
        return {name for name in once if other.get(name) == once[name]}


def run_plain(
    path: Path, sources: list[str], folder: Path, timeout: float, passes: int = 1
) -> tuple[list[list[Cell]], list[dict[str, str]]]:
    """What the notebook shows and leaves without us, each time it is run in one kernel."""
    kernel = Kernel(_copy_of_folder(path, folder), timeout, extension=False)
    shown, left = [], []
    try:
        for _ in range(passes):
            shown.append([kernel.run(source) for source in sources])
            left.append(digests_of(kernel, None))
    finally:
        kernel.kill()
    return shown, left


def code_cells(path: Path) -> list[str]:
    """The code of a notebook, cell by cell, without empty ones."""
    if path.suffix == ".py":
        return [
            part for part in re.split(r"^# ?%%.*\n", path.read_text(), flags=re.M) if part.strip()
        ]
    cells = nbformat.read(path, 4).cells
    return [c.source for c in cells if c.cell_type == "code" and c.source.strip()]


def _usable(path: Path) -> bool:
    if ".ipynb_checkpoints" in path.parts:
        return False
    return path.suffix == ".ipynb" or bool(re.search(r"^# ?%%", path.read_text(), re.M))


def _copy_of_folder(path: Path, folder: Path) -> Path:
    """The data files beside a notebook come along, as far as they are small."""
    folder.mkdir(parents=True)
    for other in path.parent.iterdir():
        if other.is_file() and other.stat().st_size < 20_000_000 and other.suffix != ".ipynb":
            shutil.copy(other, folder)
    (folder / "pyproject.toml").write_text("")
    return folder


def _compare_cells(plain: Plain, ours: list[Cell], verdict: Verdict) -> None:
    for number, (a, b, _, mine) in enumerate(zip(*plain.cells, ours, strict=True)):
        if a.error == b.error != mine.error:
            verdict.errors.append(
                f"s{number:03}: {mine.error or 'none'}, plain {a.error or 'none'}"
            )
        elif a.shown == b.shown != mine.shown:
            verdict.outputs.append(f"s{number:03}: {_first_difference(a.shown, mine.shown)}")


def _compare_hits(plain: Plain, again: list[Cell], verdict: Verdict) -> None:
    for number, (a, b, later, mine) in enumerate(zip(*plain.cells, again, strict=True)):
        steady = a.shown == b.shown
        if "cached" in mine.line and steady and mine.shown not in (a.shown, later.shown):
            difference = _first_difference(a.shown, mine.shown)
            verdict.wrong_after_hits.append(f"s{number:03} replays {difference}")


def _first_difference(plain: list[str], ours: list[str]) -> str:
    for a, b in zip(plain, ours, strict=False):
        if a != b:
            same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False))
            at = max(0, sum(1 for _ in same) - 20)
            return f"{b[at : at + 80]!r}, plain {a[at : at + 80]!r}"
    return f"{len(ours)} outputs, plain {len(plain)}"


def _count_hits(
    again: list[Cell], facts: dict[str, str], verdict: Verdict, *, same_kernel: bool
) -> None:
    """Steps that must run again say so, as do those that read what came of it."""
    rerun: set[str] = set()
    for number, cell in enumerate(again):
        step = f"s{number:03}"
        if cell.error:
            rerun.add(step)
        elif "cached" in cell.line:
            verdict.hits += 1
        elif reason := facts.get(step) or _not_ours(cell.line, rerun, same_kernel=same_kernel):
            rerun.add(step)
            verdict.never.append(f"{step}: {reason}")
        else:
            where = "" if same_kernel else " (in a new kernel)"
            verdict.misses.append(f"{step}{where}: {cell.line}")


def _not_ours(line: str, rerun: set[str], *, same_kernel: bool) -> str:
    """Why a step rightly missed: chance, or what other steps did meanwhile."""
    if "is in another state" in line:
        return "draws random numbers, unseeded"
    if "is no longer what this step left there" in line:
        return "another step changed its file"
    if same_kernel and re.search(r"(rcParams|options|filters|handling) changed", line):
        return "settings changed since"
    producer = re.search(r"changed by step (s\d+)", line)
    return "reads what had to run again" if producer and producer[1] in rerun else ""


def _different(plain: dict[str, str], ours: dict[str, str], names: Iterable[str]) -> list[str]:
    return [name for name in names if ours.get(name) != plain.get(name)]


def report(verdict: Verdict) -> None:
    """A line for a notebook, and below it what was wrong."""
    mark = "ok " if verdict.right else "BAD"
    print(
        f"{mark} {verdict.notebook}: {verdict.cells} cells, {verdict.compared} values compared, "
        f"{verdict.hits} hits, {len(verdict.never)} never, {verdict.restored} restored, "
        f"{verdict.ratio} of plain time {verdict.problem}",
        flush=True,
    )
    for title in ("errors", "outputs", "variables", "misses", "wrong_after_hits", "not_restored"):
        for line in getattr(verdict, title):
            print(f"      {title}: {line}", flush=True)


def summarise(verdicts: list[Verdict]) -> None:
    """All notebooks together."""
    right = sum(v.right for v in verdicts)
    print(f"\n{right} of {len(verdicts)} notebooks right")
    print(f"values compared: {sum(v.compared for v in verdicts)}", end=", ")
    print(f"different: {sum(len(v.variables) for v in verdicts)}")
    print(f"hits: {sum(v.hits for v in verdicts)}, misses: {sum(len(v.misses) for v in verdicts)}")
    print(f"restored: {sum(v.restored for v in verdicts)}", end=", ")
    print(f"not: {sum(len(v.not_restored) for v in verdicts)}")
    if verdicts:
        print(f"time with steps to plain time: {statistics.median(v.ratio for v in verdicts)}")
    reasons = Counter(re.sub(r"^s\d+: ", "", line) for v in verdicts for line in v.never)
    for reason, count in reasons.most_common(12):
        print(f"  never hits, {count} times: {reason}")


if __name__ == "__main__":
    sys.exit(main())
