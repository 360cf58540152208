import dataclasses
import datetime as dt
from typing import ClassVar

import pytest

from jupyter_mlpipe.materializers.records import RecordMaterializer
from jupyter_mlpipe.materializers.registry import default_registry
from jupyter_mlpipe.testing.materializers import MaterializerContract

pydantic = pytest.importorskip("pydantic")


@dataclasses.dataclass
class Plain:
    a: int
    b: list = dataclasses.field(default_factory=list)
    hidden: str = dataclasses.field(default="secret", repr=False)
    shared: ClassVar[int] = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    a: int
    when: dt.datetime = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow", arbitrary_types_allowed=True)
    a: int = 1
    inner: "Model | None" = None
    secret: pydantic.SecretStr | None = None
    anything: object = None
    _private: int = 0


def private():
    model = Model(a=2, extra="é")
    model._private = 3
    return model


class Own(pydantic.RootModel[list[int]]):
    pass


class TestRecordMaterializer(MaterializerContract):
    def materializer(self):
        return RecordMaterializer()

    def samples(self):
        odd = Plain(1, ["é"])
        odd.beside = "not a field"
        return [
            *(Plain(1), odd, Frozen(1), Model(), private(), Model(inner=Model(a=3))),
            *(Model.model_construct(a="not valid"), Own([1, 2]), Model(anything=Frozen(1))),
        ]

    def same(self, left, right):
        sets = [getattr(value, "model_fields_set", None) for value in (left, right)]
        return left == right and sets[0] == sets[1]

    def change(self, value):
        if isinstance(value, Plain):
            value.b.append(1)


@pytest.mark.parametrize("value", [Plain, Model, {"a": 1}, object()])
def test_classes_and_other_things_are_not_accepted(value):
    assert not RecordMaterializer().accepts(value)


def test_the_summary_names_class_and_fields():
    chosen = default_registry().for_value(Frozen(1))
    assert chosen.name == "record"
    assert chosen.summary(Frozen(1))["fields"] == ["a", "when"]
    assert chosen.summary(private())["fields"] == ["a", "inner", "secret", "anything", "extra"]


def test_the_preview_shows_fields_but_no_secrets():
    assert "secret" not in RecordMaterializer().preview(Plain(1)).text
    shown = RecordMaterializer().preview(Model(secret="hunter2"))
    assert (shown.kind, "hunter2" in shown.text) == ("json", False)
    assert RecordMaterializer().preview(Model(anything=object())).kind == "text"
