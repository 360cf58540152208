import pytest

from jupyter_mlpipe.materializers.documents import DocumentMaterializer
from jupyter_mlpipe.materializers.registry import default_registry
from jupyter_mlpipe.testing.materializers import MaterializerContract

documents = pytest.importorskip("langchain_core.documents")
messages = pytest.importorskip("langchain_core.messages")

CALL = {"name": "search", "args": {"q": "é"}, "id": "1"}


def found(text="é <b>", **metadata):
    return documents.Document(page_content=text, metadata=metadata)


def talk():
    return [
        messages.SystemMessage("be kind"),
        messages.HumanMessage([{"type": "text", "text": "look"}]),
        messages.AIMessage("", tool_calls=[CALL], usage_metadata=None),
        messages.ToolMessage("found", tool_call_id="1"),
    ]


class TestDocumentMaterializer(MaterializerContract):
    def materializer(self):
        return DocumentMaterializer()

    def samples(self):
        one = found(source={"page": 1})
        return [one, [one, one], [found(""), *talk()], *talk(), [found("x" * 10_000)] * 30]

    def change(self, value):
        if isinstance(value, list):
            value.clear()


@pytest.mark.parametrize("value", [[], ["text"], [found(), "text"], documents.Document])
def test_other_lists_are_left_to_others(value):
    assert not DocumentMaterializer().accepts(value)


def test_the_preview_shows_who_says_what():
    chosen = default_registry().for_value(talk())
    assert chosen.name == "langchain"
    preview = chosen.preview(talk())
    assert [row[0] for row in preview.rows] == ["system", "human", "ai", "tool"]
    assert preview.rows[3][1] == "found"
    assert "search" in preview.rows[2][2]
    assert chosen.preview(found(page=1)).rows == (("Document", "é <b>", "{'page': 1}"),)


def test_the_summary_counts():
    summary = DocumentMaterializer().summary([found("ab"), found("c")])
    assert summary == {"length": 2, "classes": ["Document"], "characters": 3}
