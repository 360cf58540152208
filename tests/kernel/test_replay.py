"""What a step displayed, shown again in a real kernel on a hit."""

import pytest

PICTURE = """class Picture:
    def _repr_png_(self):
        return b"\\x89PNG\\r\\n\\x1a\\n" + bytes(range(256))"""


def test_a_picture_that_its_class_gives_as_bytes_is_a_picture_again(live_kernel):
    live_kernel.run(PICTURE)
    cell = "%%step show\ndisplay(Picture())\nPicture()"
    first, again = live_kernel.run(cell), live_kernel.run(cell)
    assert "cached" in again.line
    pictures = [output["data"]["image/png"] for output in first.shown]
    assert len(pictures) == 2
    assert all(picture.startswith("iVBORw0KGgo") for picture in pictures)
    assert [output["data"]["image/png"] for output in again.shown] == pictures


@pytest.mark.parametrize(
    "cell",
    [
        "print('told')\nprint('warned', file=sys.stderr)\nprint('more')",
        "print('warned', file=sys.stderr)\nprint('told')",
        "print('warned', file=sys.stderr)\ntime.sleep(0.6)\nprint('told')",
        "print('told')\ntime.sleep(0.6)\nprint('warned', file=sys.stderr)\ndisplay(1)\nprint(2)",
    ],
)
def test_what_is_written_to_both_streams_is_shown_in_the_order_it_was(live_kernel, cell):
    live_kernel.run("import sys, time")
    first, again = live_kernel.run(f"%%step tell\n{cell}"), live_kernel.run(f"%%step tell\n{cell}")
    assert "cached" in again.line
    assert len(first.shown) > 1
    assert [_what(output) for output in again.shown] == [_what(output) for output in first.shown]


def _what(output):
    return output.get("name"), output.get("text") or output["data"]
