import shutil

import numpy as np
import pytest

from jupyter_mlpipe.materializers.fingerprint import content_digest
from jupyter_mlpipe.materializers.hugging_face import DatasetMaterializer, TokenizerMaterializer
from jupyter_mlpipe.materializers.registry import default_registry
from jupyter_mlpipe.model.artifact import ArtifactType
from jupyter_mlpipe.testing.materializers import MaterializerContract


def dataset():
    datasets = pytest.importorskip("datasets")
    return datasets.Dataset.from_dict({"n": [1, 2, None], "é": ["x", "<b>", ""]})


def in_files(folder):
    dataset().save_to_disk(folder)
    return pytest.importorskip("datasets").load_from_disk(folder)


def tokenizer():
    tokenizers = pytest.importorskip("tokenizers")
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0, "é": 1, "?": 2}, "?"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    return made


class TestDatasetMaterializer(MaterializerContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path_factory):
        self.folder = tmp_path_factory.mktemp("files")

    def materializer(self):
        return DatasetMaterializer()

    def samples(self):
        datasets = pytest.importorskip("datasets")
        whole = dataset()
        places = iter(range(3))
        mapped = [in_files(self.folder / str(number)) for number in places]
        return [
            *(whole, whole.select([2, 0]), whole.select([]), whole.with_format("numpy")),
            *(mapped[0], mapped[1].select([1]), datasets.concatenate_datasets([mapped[2], whole])),
            datasets.DatasetDict(train=whole, test=whole.select([0])),
        ]

    def same(self, left, right):
        def listed(value):
            return {n: s.with_format(None)[:] for n, s in value.items()}

        if not hasattr(left, "items"):
            left, right = {"all": left}, {"all": right}
        formats = [[split.format for split in value.values()] for value in (left, right)]
        return listed(left) == listed(right) and formats[0] == formats[1]


class TestTokenizers(MaterializerContract):
    def materializer(self):
        return TokenizerMaterializer()

    def samples(self):
        return [tokenizer()]

    def same(self, left, right):
        return left.to_str() == right.to_str()

    def change(self, value):
        value.add_tokens(["new"])


class TestTransformers(MaterializerContract):
    def materializer(self):
        return TokenizerMaterializer()

    def samples(self):
        transformers = pytest.importorskip("transformers")
        return [transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer(), pad_token="?")]

    def same(self, left, right):
        return left("a é b")["input_ids"] == right("a é b")["input_ids"]

    def change(self, value):
        value.add_tokens(["new"])


def test_a_dataset_outlives_the_files_it_was_read_from(tmp_path):
    (tmp_path / "kept").mkdir()
    DatasetMaterializer().save(in_files(tmp_path / "files"), tmp_path / "kept")
    shutil.rmtree(tmp_path / "files")
    assert DatasetMaterializer().load(tmp_path / "kept")["é"][:] == ["x", "<b>", ""]


def test_equal_rows_have_one_digest_wherever_they_lie(tmp_path):
    digest = content_digest(dataset())
    assert content_digest(in_files(tmp_path)) == digest
    shown = dataset().with_format("numpy")
    assert isinstance(shown[0]["n"], np.generic | np.ndarray)
    assert len({digest, content_digest(shown), content_digest(dataset().select([0, 1]))}) == 3


def test_the_preview_shows_rows_and_the_summary_features():
    chosen = default_registry().for_value(dataset())
    assert chosen.name == "hf-dataset"
    preview = chosen.preview(dataset().select([1, 0]))
    assert (preview.rows, preview.total_rows) == ((("2", "<b>"), ("1", "x")), 2)
    assert chosen.summary(dataset())["rows"] == {"all": 3}


def test_a_tokenizer_is_a_model_that_tells_its_vocabulary():
    chosen = default_registry().for_value(tokenizer())
    assert (chosen.name, chosen.artifact_type) == ("tokenizer", ArtifactType.MODEL)
    assert chosen.summary(tokenizer())["vocabulary"] == 3
