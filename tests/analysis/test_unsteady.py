"""What reads the clock or draws entropy, and what only takes the time."""

import datetime
import random
import time
import uuid

import pytest

from jupyter_mlpipe.analysis.dotted import dotted_name
from jupyter_mlpipe.analysis.parsing import parse
from jupyter_mlpipe.analysis.unsteady import unsteady_calls


def told(source):
    return list(unsteady_calls(parse(source).body, lambda _: ""))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import time\nx = time.time()", "reads the clock (time.time)"),
        ("from datetime import datetime as d\nx = d.now()", "reads the clock (datetime.now)"),
        ("import time\nx = time.strftime('%Y')", "reads the clock (time.strftime)"),
        ("import pandas as pd\nx = pd.Timestamp('now')", "reads the clock (pandas.Timestamp)"),
        ("import uuid\nx = uuid.uuid4()", "draws from the system's entropy (uuid.uuid4)"),
        ("from os import urandom\nf = urandom", "draws from the system's entropy (os.urandom)"),
        (
            "import random\nr = random.Random(None)",
            "draws from the system's entropy (random.Random)",
        ),
    ],
)
def test_each_kind_is_told_in_the_users_words(source, words):
    assert told(source) == [words]


@pytest.mark.parametrize(
    "source",
    [
        "import time\nx = time.perf_counter()",
        "import time\nx = time.strftime('%Y', time.gmtime(0))",
        "import random\nr = random.Random(3)",
        "import uuid\nx = uuid.uuid5(uuid.NAMESPACE_DNS, 'x')",
        "time = 5\nx = time.time",
    ],
)
def test_what_is_the_same_each_time_is_passed_over(source):
    assert told(source) == []


@pytest.mark.parametrize(
    "lines",
    [
        "t = time.time()\nprint(time.time() - t)",
        "a = time.time()\nb = time.time()\nprint(f'{b - a:.1f}')",
        "last = time.time()\nnow = time.time()\ngap = now - last\nlast = now",
        "def f(t):\n  s = time.time()\n  return time.time() - s\ndef g(s):\n  return s + 1",
        "class T:\n  def a(my):\n    my.t = time.time()\n  def b(my):\n    print(time.time()-my.t)",
    ],
)
def test_a_stopwatch_does_not_read_the_clock(lines):
    assert told(f"import time\n{lines}") == []


@pytest.mark.parametrize(
    "lines",
    [
        "t = time.time()",
        "t = time.time()\nprint(time.time() - t, t)",
        "t = 0\nprint(time.time() - t)\nt = time.time()",
        "print(time.time() - given)",
        "end = time.time() + 5",
        "t = time.time()\nf(t)\nprint(time.time() - t)",
    ],
)
def test_a_moment_that_is_used_for_more_counts(lines):
    assert told(f"import time\n{lines}")


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (time.time, "time.time"),
        (datetime.datetime.now, "datetime.datetime.now"),
        (uuid.uuid4, "uuid.uuid4"),
        (random.seed, "random.seed"),
        (random.SystemRandom().random, "random.SystemRandom"),
        (uuid, "uuid"),
        (3, ""),
    ],
)
def test_a_live_object_goes_by_the_name_of_its_import(value, name):
    assert dotted_name(value) == name
