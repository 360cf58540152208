import json

import pytest

from jupyter_mlpipe.orchestrators.written import generated_mark, is_written_by_promoting


def test_the_mark_is_one_comment_line_whatever_the_name():
    assert generated_mark("a\nb").count("\n") == 0


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        (f"{generated_mark('study')}\nx = 1", True),
        (json.dumps({"ir_version": 2, "name": "study"}), True),
        (f"{generated_mark('other')}\nx = 1", False),
        (json.dumps({"ir_version": 2, "name": "other"}), False),
        (json.dumps({"name": "study"}), False),
        ("[1, 2]", False),
        ("x = 1", False),
    ],
)
def test_a_file_is_ours_when_it_says_of_which_pipeline_it_is(tmp_path, text, ours):
    (tmp_path / "file").write_text(text)
    assert is_written_by_promoting(tmp_path / "file", "study") is ours


def test_a_file_that_cannot_be_read_is_not_ours(tmp_path):
    assert not is_written_by_promoting(tmp_path, "study")
