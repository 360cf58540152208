"""What a cell tells a library to call."""

import atexit

import pytest

from jupyter_mlpipe.analysis.dotted import dotted_names
from jupyter_mlpipe.analysis.handed import handed_over


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("import codecs\ncodecs.register_error('study', replaced)", {"replaced"}),
        ("from signal import signal as on, SIGUSR1\non(SIGUSR1, handler=react)", {"react"}),
        ("bye.register(tidy)", {"tidy"}),
        ("import codecs\ncodecs.lookup(name)", set()),
        ("register(tidy)", set()),
        ("registered = sorted(rows, key=weight)", set()),
        ("def register(:", set()),
    ],
)
def test_functions_that_a_module_keeps_are_told(cell, names):
    assert handed_over(cell, dotted_names({"bye": atexit})) - {"SIGUSR1"} == names
