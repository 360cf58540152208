import pytest

from mlpipe_kernel.mentions import mentioned, names_before


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("a + b", {"a", "b"}),
        ("%%step one --if 'n > 1'\na", {"a", "n"}),
        ("!ls {folder}", {"ls", "folder"}),
        ("df?", {"df"}),
        ("?df.head", {"df", "head"}),
        ("%%bash -s {a}\nrm b", {"bash", "s", "a"}),
        ("%mlpipe why a", set()),
        ("%%step one --nonsense\na", set()),
    ],
)
def test_a_cell_mentions_what_it_may_look_up(cell, names):
    signature = mentioned(cell)
    assert signature.reads - {"get_ipython"} == names
    assert signature.dynamic is None


@pytest.mark.parametrize("cell", ["x = !ls {a}", "globals()", "!ls\ndir()", "%who"])
def test_a_cell_that_may_look_up_anything_says_so(cell):
    assert mentioned(cell).dynamic


def test_the_name_that_is_being_typed_is_not_mentioned_yet():
    assert names_before("total(df.head(), ta") == {"total", "df", "head"}
    assert names_before("df.he") == {"df"}
    assert names_before("prices['ap") == {"prices"}
