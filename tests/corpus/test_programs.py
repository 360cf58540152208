"""Every program of the corpus: in a session, again, after a restart, and step by step."""

import pytest

from tests.corpus.judging import Stage, judge
from tests.corpus.reading import read_programs
from tests.corpus.zygote import Zygote

PROGRAMS = read_programs()


@pytest.fixture(scope="session")
def stage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zygotes")
    pair = Stage(Zygote(folder, hash_seed=1), Zygote(folder, hash_seed=2))
    yield pair
    pair.first.close()
    pair.second.close()


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_gives_the_notebooks_own_answer_everywhere(name, stage, tmp_path):
    program = PROGRAMS[name]
    if program.waits or not program.fits:
        pytest.skip(program.waits or f"it needs {program.needs or program.python}")
    assert not judge(program, stage, tmp_path)
