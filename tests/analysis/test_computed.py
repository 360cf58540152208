"""What finds code by a name or in a place that it computes."""

import pytest

from jupyter_mlpipe.analysis.computed import computed_finds
from jupyter_mlpipe.analysis.parsing import parse


def found(source):
    return list(computed_finds(parse(source).body, lambda _: ""))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("from importlib import import_module as f\nf(name)", "by a name that it computes"),
        ("import importlib\ng = importlib.import_module", "by a name that it computes"),
        ("import pkgutil\npkgutil.resolve_name(a + b)", "(pkgutil.resolve_name)"),
        ("import sys\nsys.modules[a + b].f()", "(sys.modules)"),
        ("import sys\nf(sys.modules)", "(sys.modules)"),
        ("import runpy\nrunpy.run_path(p)", "in a place that it computes (runpy.run_path)"),
        (
            "from importlib import util\nutil.spec_from_file_location(n, p)",
            "in a place that it computes (util.spec_from_file_location)",
        ),
    ],
)
def test_what_leads_to_code_without_an_import_is_told(source, words):
    assert [words in one for one in found(source)] == [True]


@pytest.mark.parametrize(
    "source",
    [
        "from importlib import import_module\nimport_module('helper')",
        "import sys\nsys.modules[__name__]",
        "import sys\nsys.modules['json']",
        "import sys\nfast = 'numba' in sys.modules",
        "import sys\nsys.path",
    ],
)
def test_what_names_its_module_is_passed_over(source):
    assert found(source) == []


def test_a_module_of_the_users_that_is_taken_from_those_loaded_is_told(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "pricing.py").write_text("")
    assert found("import sys\nsys.modules['pricing'].f()") != []
