"""`python -m tests.corpus [WORDS]`: what is wrong with the programs whose names hold the words."""

import sys
import tempfile
from pathlib import Path

from tests.corpus.judging import Stage, judge
from tests.corpus.reading import read_programs
from tests.corpus.zygote import Zygote


def main(words: str) -> None:
    """A line for each program, and below it each finding."""
    chosen = {n: p for n, p in read_programs().items() if p.fits and words.lower() in n.lower()}
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Zygote(Path(folder), hash_seed=1), Zygote(Path(folder), hash_seed=2))
        right = 0
        for number, (name, program) in enumerate(chosen.items()):
            place = Path(folder) / str(number)
            place.mkdir()
            findings = judge(program, stage, place)
            right += not findings
            say("ok  " if not findings else "wait" if program.waits else "BAD ", name)
            for finding in findings:
                say("      ", finding.replace("\n", "\n        "))
        say(f"{right} of {len(chosen)} right")
        stage.first.close()
        stage.second.close()


def say(*words: str) -> None:
    """At once, for a corpus takes minutes."""
    sys.stdout.write("".join(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
