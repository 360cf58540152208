import pytest

from jupyter_mlpipe.model.amounts import count_text, size_text


@pytest.mark.parametrize(
    ("nbytes", "text"), [(0, "0 B"), (999, "999 B"), (1_500, "1.5 kB"), (2**50, "1125.9 TB")]
)
def test_sizes_read_in_decimal_units(nbytes, text):
    assert size_text(nbytes) == text


def test_one_thing_is_no_plural():
    assert (count_text(1, "version"), count_text(2000, "run")) == ("1 version", "2,000 runs")
