import json
from pathlib import Path

import pytest

import hatch_labext

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "labextension"
ASSETS = ROOT / "jupyter_mlpipe" / "labextension"


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """A folder of sources, an empty one for assets, and no Node.js."""
    (tmp_path / "src" / "__tests__").mkdir(parents=True)
    (tmp_path / "src" / "index.ts").write_text("export default [];\n")
    (tmp_path / "built").mkdir()
    monkeypatch.setattr(hatch_labext.shutil, "which", lambda command: None)
    return tmp_path, tmp_path / "built"


def test_the_committed_assets_were_built_from_these_sources():
    stamp = (ASSETS / hatch_labext.STAMP).read_text(encoding="ascii").strip()
    assert stamp == hatch_labext.source_hash(SOURCES), "run `python hatch_labext.py`"


def test_the_committed_assets_are_whole_and_hold_no_source_maps():
    package = json.loads((ASSETS / "package.json").read_text(encoding="utf-8"))
    assert (ASSETS / package["jupyterlab"]["_build"]["load"]).is_file()
    assert (ASSETS / "schemas" / "jupyter-mlpipe" / "plugin.json").is_file()
    assert not list(ASSETS.rglob("*.map"))


def test_a_change_of_a_source_changes_the_hash_and_a_change_of_a_test_does_not(folders):
    sources, _ = folders
    before = hatch_labext.source_hash(sources)
    (sources / "src" / "__tests__" / "a.spec.ts").write_text("test")
    assert hatch_labext.source_hash(sources) == before
    (sources / "src" / "index.ts").write_text("export default [1];\n")
    assert hatch_labext.source_hash(sources) != before


def test_line_endings_of_a_checkout_do_not_change_the_hash(folders):
    sources, _ = folders
    before = hatch_labext.source_hash(sources)
    (sources / "src" / "index.ts").write_bytes(b"export default [];\r\n")
    assert hatch_labext.source_hash(sources) == before


def test_without_node_outdated_assets_are_used_as_they_are(folders, capsys):
    sources, built = folders
    (built / "package.json").write_text("{}")
    hatch_labext.build("standard", "0.1.0", path=str(sources), out=str(built))
    assert "used as it is" in capsys.readouterr().err
    assert not (built / hatch_labext.STAMP).exists()


def test_without_node_and_without_assets_the_install_says_what_to_do(folders):
    sources, built = folders
    with pytest.raises(RuntimeError, match=r"install Node\.js"):
        hatch_labext.build("standard", "0.1.0", path=str(sources), out=str(built))
