import pytest

from jupyter_mlpipe.model.errors import PipelineError
from jupyter_mlpipe.pipelines import modules
from jupyter_mlpipe.pipelines.modules import local_modules


def write(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def test_modules_are_followed_through_each_others_imports(tmp_path):
    write(tmp_path, {"a.py": "import b", "b.py": "def f():\n    import c", "c.py": "", "d.py": ""})
    assert set(local_modules(["import a"], [tmp_path])) == {"a.py", "b.py", "c.py"}


def test_a_package_is_taken_whole_with_its_data_and_without_litter(tmp_path):
    files = {"p/__init__.py": "", "p/sub/x.py": "", "p/data.csv": "1", "p/__pycache__/x.pyc": ""}
    write(tmp_path, files | {"p/.hidden/secret": ""})
    found = set(local_modules(["from p.sub import x"], [tmp_path]))
    assert found == {"p/__init__.py", "p/sub/x.py", "p/data.csv"}


def test_a_folder_without_init_is_a_package_when_no_module_has_its_name(tmp_path):
    write(tmp_path, {"space/x.py": ""})
    assert set(local_modules(["import space.x"], [tmp_path])) == {"space/x.py"}


def test_the_notebooks_own_folder_goes_before_the_projects(tmp_path):
    write(tmp_path, {"a.py": "far", "notebooks/a.py": "near"})
    assert local_modules(["import a"], [tmp_path / "notebooks", tmp_path]) == {"a.py": b"near"}


def test_installed_modules_and_our_own_stay_at_home(tmp_path):
    write(tmp_path, {"jupyter_mlpipe/__init__.py": ""})
    assert local_modules(["import json, sys, jupyter_mlpipe"], [tmp_path]) == {}


def test_too_much_is_refused_with_what_is_large(tmp_path, monkeypatch):
    monkeypatch.setattr(modules, "MAX_BYTES", 100)
    write(tmp_path, {"p/__init__.py": "", "p/data.csv": "1" * 200})
    with pytest.raises(PipelineError, match="package p"):
        local_modules(["import p"], [tmp_path])


def test_a_module_that_imports_by_a_computed_name_brings_all_beside_it(tmp_path):
    (tmp_path / "loader.py").write_text("import importlib\nload = importlib.import_module(name)")
    (tmp_path / "plugin.py").write_text("x = 1")
    assert set(local_modules(["import loader"], (tmp_path,))) == {"loader.py", "plugin.py"}
