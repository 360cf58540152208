"""Where programs are tried, and how one is."""

import pytest

from tests.corpus.judging import Stage, judge
from tests.corpus.zygote import Zygote


@pytest.fixture(scope="session")
def stage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zygotes")
    pair = Stage(Zygote(folder, hash_seed=1), Zygote(folder, hash_seed=2))
    yield pair
    pair.first.close()
    pair.second.close()


@pytest.fixture
def findings(stage, tmp_path):
    """What is wrong with a program in a session, again, after a restart, and step by step."""

    def find(program):
        if program.waits or not program.fits:
            pytest.skip(program.waits or f"it needs {program.needs or program.python}")
        return judge(program, stage, tmp_path)

    return find
