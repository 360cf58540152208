import pytest

from jupyter_mlpipe.cli.printing import duration, print_table


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.004, "0.00 s"), (9.5, "9.50 s"), (61, "1:01"), (7325, "2:02:05")]
)
def test_durations_read_as_clocks_when_they_are_long(seconds, text):
    assert duration(seconds) == text


def test_columns_line_up_and_lines_end_with_their_text(capsys):
    print_table(("A", "B"), [("long name", ""), ("x", "y\nz")])
    assert capsys.readouterr().out == "A          B\nlong name\nx          y\\nz\n"
