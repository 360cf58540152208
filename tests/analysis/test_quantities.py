import pytest

from jupyter_mlpipe.analysis.quantities import (
    format_seconds,
    parse_bytes,
    parse_count,
    parse_number,
    parse_seconds,
)


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (parse_bytes, "100", 100),
        (parse_bytes, "4GB", 4 * 10**9),
        (parse_bytes, "1.5 gb", 15 * 10**8),
        (parse_bytes, "512Mi", 512 * 2**20),
        (parse_bytes, "2TiB", 2 * 2**40),
        (parse_seconds, "90", 90.0),
        (parse_seconds, "1.5h", 5400.0),
        (parse_seconds, "2d", 172800.0),
        (parse_number, "0.5", 0.5),
        (parse_count, "0", 0),
    ],
)
def test_quantities_are_read_as_people_write_them(parse, text, value):
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_bytes, "lots"),
        (parse_bytes, "-1GB"),
        (parse_bytes, "0"),
        (parse_bytes, "4XB"),
        (parse_seconds, "0s"),
        (parse_seconds, "5 moons"),
        (parse_number, "0"),
        (parse_number, "inf"),
        (parse_count, "1.5"),
        (parse_count, "٣"),
    ],
)
def test_anything_else_is_refused(parse, text):
    with pytest.raises(ValueError, match="expected"):
        parse(text)


@pytest.mark.parametrize("text", ["7 d", "1.5 h", "90 min", "30 s"])
def test_durations_are_written_as_they_are_read(text):
    written = format_seconds(parse_seconds(text))
    assert parse_seconds(written) == parse_seconds(text)
