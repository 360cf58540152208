"""Programs of several cells, with what each cell truly reads and leaves.

A file holds programs one after the other:

    === a write through a view changes its base
    ! refused view
    [make] -> a
    import numpy as np
    a = np.zeros(4)
    [fill] a -> ~a v
    v = a[1:3]
    v[:] = 7

A title, remarks, then cells. A cell's head names its step, the data it reads, and what it leaves:
`x` is made or bound anew, `~x` changed in place, `-x` deleted. In front of a read, `?` allows what
the truth does not ask for. `[]` is a cell without `%%step`. `[file helper.py]` is no cell but a
file beside the notebook. `[fill edited] a -> ~a` is what the user makes of the cell of that name
when all has run and the kernel was restarted. Remarks, each at most once:
`! refused WORDS`: run step by step in fresh processes, the program is refused, and says WORDS;
`! reruns STEP ...`: these steps run again although nothing changed;
`! untraced STEP ...`: the same where Python does not tell which functions run, before 3.12;
`! opaque NAME ...`: values that cannot be compared;
`! unsteady NAME ...`: values that are others each time;
`! python 3.12`: it needs this version of Python;
`! needs PACKAGE`: it is not tried where this cannot be imported;
`! waits REASON`: what it needs is not built yet, so it is not tried.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

FOLDER = Path(__file__).parent / "programs"
ABOUT_DATA = (
    *("aliases", "binding", "containers", "exceptions", "figures", "files", "frames", "iterators"),
    *("learning", "numpy", "probes", "randomness", "tensors"),
)
"""Files of programs about what variables hold, by how their names begin."""
_HEAD = re.compile(
    r"\[file (?P<file>[^\]]+?)(?P<other> edited)?\]|"
    r"\[(?:cell (?P<number>\d+)|(?P<step>\w*))(?P<edited> edited)?\]"
    r"(?P<reads>[^>]*?)(?:->(?P<effects>.*))?"
)
_REMARKS = frozenset(
    {"refused", "reruns", "untraced", "opaque", "unsteady", "python", "needs", "waits"}
)


@dataclass(frozen=True, slots=True)
class ProgramCell:
    """One cell; `step` is empty for an untagged one."""

    step: str
    source: str
    reads: frozenset[str]
    allowed: frozenset[str]
    made: frozenset[str]
    changed: frozenset[str]
    deleted: frozenset[str]

    @property
    def text(self) -> str:
        """As it stands in the notebook."""
        return f"%%step {self.step}\n{self.source}" if self.step else self.source


@dataclass(frozen=True, slots=True)
class Program:
    """A notebook and the truth about it."""

    title: str
    cells: tuple[ProgramCell, ...]
    edits: Mapping[str, ProgramCell]
    """By step or number, the cells that the user changes in the end."""
    files: Mapping[str, str]
    """Path beside the notebook to content."""
    edited_files: Mapping[str, str]
    """What the user makes of them in the end."""
    refused: str | None
    reruns: frozenset[str]
    opaque: frozenset[str]
    unsteady: frozenset[str]
    waits: str
    """What it needs that is not built yet; empty when it can be tried."""
    python: str
    """The version of Python that it needs; empty where any does."""
    needs: str
    """The package that it needs; empty where the usual ones do."""

    @property
    def fits(self) -> bool:
        """Whether this Python can run it."""
        if self.needs and find_spec(self.needs) is None:
            return False
        return sys.version_info >= tuple(map(int, self.python.split(".") if self.python else ()))

    @property
    def edited(self) -> Program:
        """The notebook in the end."""
        numbered = enumerate(self.cells, 1)
        return replace(
            self,
            cells=tuple(
                replace(self.edits.get(str(n)) or self.edits.get(c.step) or c, step=c.step)
                for n, c in numbered
            ),
            files={**self.files, **self.edited_files},
        )

    @property
    def steps(self) -> tuple[ProgramCell, ...]:
        """The tagged cells."""
        return tuple(cell for cell in self.cells if cell.step)


def read_programs(folder: Path = FOLDER) -> dict[str, Program]:
    """Every program, by the name of its file and its title."""
    return {
        f"{path.stem}: {program.title}": program
        for path in sorted(folder.glob("*.txt"))
        for program in _parse(path.read_text())
    }


def _parse(text: str) -> Iterator[Program]:
    for part in re.split(r"^=== *", text, flags=re.MULTILINE)[1:]:
        title, _, body = part.partition("\n")
        above = body.partition("\n[")[0] if body[:1] != "[" else ""
        remarks = dict(re.findall(r"^! (\w+) *(.*)$", above, flags=re.MULTILINE))
        unknown = remarks.keys() - _REMARKS
        if unknown:
            raise ValueError(f"{title}: no such remark: {', '.join(unknown)}")
        sections = list(_sections(body))
        yield Program(
            title=title.strip(),
            cells=tuple(_cell(h, text) for h, text in sections if not (h["file"] or h["edited"])),
            edits={h["number"] or h["step"]: _cell(h, t) for h, t in sections if h["edited"]},
            files={h["file"]: f"{t}\n" for h, t in sections if h["file"] and not h["other"]},
            edited_files={h["file"]: f"{t}\n" for h, t in sections if h["other"]},
            refused=remarks.get("refused"),
            reruns=frozenset(_rerun(remarks)),
            opaque=frozenset(remarks.get("opaque", "").split()),
            unsteady=frozenset(remarks.get("unsteady", "").split()),
            waits=remarks.get("waits", ""),
            python=remarks.get("python", ""),
            needs=remarks.get("needs", ""),
        )


def _rerun(remarks: Mapping[str, str]) -> list[str]:
    untraced = "" if hasattr(sys, "monitoring") else remarks.get("untraced", "")
    return f"{remarks.get('reruns', '')} {untraced}".split()


def _sections(body: str) -> Iterator[tuple[re.Match[str], str]]:
    """Each head with the lines below it."""
    head, lines = None, list[str]()
    for line in [*body.splitlines(), None]:
        found = _HEAD.fullmatch(line.strip()) if line is not None and line[:1] == "[" else None
        if line is not None and found is None:
            lines.append(line)
            continue
        if head is not None:
            yield head, "\n".join(lines).strip("\n")
        head, lines = found, []


def _cell(head: re.Match[str], source: str) -> ProgramCell:
    reads = head["reads"].split()
    effects = (head["effects"] or "").split()
    return ProgramCell(
        step=head["step"] or "",
        source=source,
        reads=frozenset(name for name in reads if name[0] != "?"),
        allowed=frozenset(name[1:] for name in reads if name[0] == "?"),
        made=frozenset(name for name in effects if name[0] not in "~-"),
        changed=frozenset(name[1:] for name in effects if name[0] == "~"),
        deleted=frozenset(name[1:] for name in effects if name[0] == "-"),
    )
