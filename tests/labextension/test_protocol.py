import json
from pathlib import Path

from jupyter_mlpipe.model.protocol import protocol_schema

LABEXTENSION = Path(__file__).parents[2] / "labextension"


def test_the_browser_was_given_the_records_as_they_are():
    committed = (LABEXTENSION / "src" / "protocol.schema.json").read_text(encoding="utf-8")
    assert committed == protocol_schema(), "run `jlpm generate` in labextension/"


def test_every_record_of_the_schema_has_a_type():
    types = (LABEXTENSION / "src" / "protocol.ts").read_text(encoding="utf-8")
    names = json.loads(protocol_schema())["$defs"]
    assert [name for name in names if f"export interface {name} {{" not in types] == []
