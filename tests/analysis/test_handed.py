"""What a cell tells a library to call."""

import atexit

import pytest

from jupyter_mlpipe.analysis.dotted import dotted_names
from jupyter_mlpipe.analysis.handed import handed_by_call, handed_over


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("import codecs\ncodecs.register_error('study', replaced)", {"replaced"}),
        ("from signal import signal as on, SIGUSR1\non(SIGUSR1, handler=react)", {"react"}),
        ("bye.register(tidy)", {"tidy"}),
        ("from copyreg import pickle as keep\nkeep(Point, shrink)", {"Point", "shrink"}),
        ("import codecs\ncodecs.lookup(name)", set()),
        ("register(tidy)", set()),
        ("registered = sorted(rows, key=weight)", set()),
        ("def register(:", set()),
    ],
)
def test_functions_that_a_module_keeps_are_told(cell, names):
    assert handed_over(cell, dotted_names({"bye": atexit})) - {"SIGUSR1"} == names


def test_a_call_that_hands_over_is_told_with_its_keeper_and_a_decorator_is_not():
    cell = (
        "import codecs, pandas as pd\ncodecs.register_error('study', replaced)\n"
        "@pd.api.extensions.register_series_accessor('own')\nclass Own: pass"
    )
    assert handed_by_call(cell, lambda _: "") == {"replaced": "codecs"}
