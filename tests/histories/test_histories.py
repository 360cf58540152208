import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.corpus.zygote import Zygote
from tests.histories.judging import judge
from tests.histories.writing import histories


@pytest.fixture(scope="module")
def zygote(tmp_path_factory):
    zygote = Zygote(tmp_path_factory.mktemp("zygote"), hash_seed=1)
    yield zygote
    zygote.close()


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(histories())
def test_whatever_the_user_does_the_notebook_holds_what_it_would_hold_without_us(zygote, history):
    with tempfile.TemporaryDirectory() as folder:
        assert not judge(history, zygote, Path(folder))
