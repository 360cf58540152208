from jupyter_mlpipe.materializers.registry import default_registry
from jupyter_mlpipe.materializers.texts import (
    CSVString,
    HTMLString,
    JSONString,
    MarkdownString,
    TextMaterializer,
)
from jupyter_mlpipe.testing.materializers import MaterializerContract


class TestTextMaterializer(MaterializerContract):
    def materializer(self):
        return TextMaterializer()

    def samples(self):
        texts = ["", "é\r\n\n", "\ud800", "x" * 100_000]
        return [kind(t) for t in texts for kind in (HTMLString, MarkdownString, CSVString)] + [
            JSONString('{"a": 1}')
        ]


def shown(value):
    return default_registry().for_value(value).preview(value)


def test_each_kind_is_shown_as_what_it_is():
    assert (shown(HTMLString("<b>x</b>")).kind, shown(HTMLString("<b>x</b>")).text) == (
        "html",
        "<b>x</b>",
    )
    assert shown(MarkdownString("# x")).kind == "text"
    assert shown(JSONString("[1]")).kind == "json"
    table = shown(CSVString('a,b\n1,"x,y"\n'))
    assert [column.name for column in table.columns] == ["a", "b"]
    assert (table.rows, table.total_rows) == ((("1", "x,y"),), 1)


def test_what_is_no_table_is_shown_as_text():
    assert shown(CSVString('a\n"')).kind == "text"


def test_texts_of_other_kinds_are_left_to_others():
    assert default_registry().for_value("plain").name == "plain"
