"""Programs about the language: names, functions, classes, modules."""

import pytest

from tests.corpus.reading import ABOUT_DATA, read_programs

PROGRAMS = {n: p for n, p in read_programs().items() if not n.startswith(ABOUT_DATA)}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_gives_the_notebooks_own_answer_everywhere(name, findings):
    assert not findings(PROGRAMS[name])
