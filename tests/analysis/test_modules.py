import importlib
import sys

import pytest

from jupyter_mlpipe.analysis.closure import close_over
from jupyter_mlpipe.analysis.dataflow import analyze
from jupyter_mlpipe.analysis.modules import ModuleFiles


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder whose modules can be imported, and are forgotten afterwards."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]
    importlib.invalidate_caches()


def write(project, name, text):
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    importlib.invalidate_caches()


def modules(namespace, files, step):
    return close_over(analyze(step), namespace, files).modules


def test_a_local_module_counts_with_the_local_modules_it_imports(project, run, namespace):
    write(project, "shop/__init__.py", "")
    write(project, "shop/rates.py", "RATE = 2")
    write(project, "shop/prices.py", "from .rates import RATE\ndef price(): return RATE")
    write(project, "lazy.py", "import numpy")
    write(project, "pricing.py", "from shop.prices import price\ndef f():\n    import lazy")
    run("import pricing\nfrom shop.prices import price")
    found = close_over(analyze("pricing.f()"), namespace, ModuleFiles())
    assert found.modules.keys() == {"pricing", "shop", "shop.prices", "shop.rates", "lazy"}
    assert found.packages.keys() == {"numpy"}
    found = close_over(analyze("price()"), namespace, ModuleFiles())
    assert found.imports == {"price": "shop.prices.price"}
    assert found.modules.keys() == {"shop", "shop.prices", "shop.rates"}


def test_a_module_that_a_local_one_imports_by_a_literal_name_counts(project, run, namespace):
    write(project, "shop/__init__.py", "from importlib import import_module")
    write(project, "shop/rates.py", "RATE = 2")
    write(project, "far.py", "")
    write(
        project,
        "shop/prices.py",
        "import importlib\n"
        "def f(x):\n"
        "    importlib.import_module('.rates', __package__)\n"
        "    __import__('far')\n"
        "    importlib.import_module('...above', __package__)\n"
        "    importlib.import_module('no module')\n"
        "    importlib.import_module(x)",
    )
    run("from shop import prices")
    found = modules(namespace, ModuleFiles(), "prices.f(0)")
    assert found.keys() == {"shop", "shop.prices", "shop.rates", "far"}


def test_submodules_that_are_loaded_count_through_the_packages_name(project, run, namespace):
    write(project, "shop/__init__.py", "")
    write(project, "shop/rates.py", "RATE = 2")
    run("import shop.rates")
    assert modules(namespace, ModuleFiles(), "shop.rates.RATE").keys() == {"shop", "shop.rates"}


def test_a_module_brings_the_class_of_a_value(project, run, namespace):
    write(project, "shapes.py", "class Point: pass")
    run("from shapes import Point\np = Point()")
    assert modules(namespace, ModuleFiles(), "p").keys() == {"shapes"}


def test_an_edited_module_counts_only_once_it_is_loaded_again(project, run, namespace):
    write(project, "rates.py", "RATE = 1")
    run("import rates")
    files = ModuleFiles()
    before = modules(namespace, files, "rates")
    write(project, "rates.py", "RATE = 2000")
    assert modules(namespace, files, "rates") == before
    run("import importlib\nimportlib.reload(rates)")
    assert modules(namespace, files, "rates") != before


def test_observing_takes_the_digest_before_an_edit(project, run, namespace):
    write(project, "rates.py", "RATE = 1")
    run("import rates")
    expected = modules(namespace, ModuleFiles(), "rates")
    files = ModuleFiles()
    files.observe()
    write(project, "rates.py", "RATE = 2000")
    assert modules(namespace, files, "rates") == expected


def test_a_module_edited_before_anyone_looked_is_not_taken_for_its_new_text(
    project, run, namespace, monkeypatch
):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    write(project, "rates.py", "RATE = 1")
    run("import rates")
    write(project, "rates.py", "RATE = 2")
    late = modules(namespace, ModuleFiles(), "rates")
    write(project, "fresh.py", "RATE = 2")
    run("import fresh")
    assert late["rates"] != modules(namespace, ModuleFiles(), "fresh")["fresh"]


def test_a_module_that_does_not_parse_and_one_that_is_missing_do_not_stop_it(
    project, run, namespace
):
    write(project, "broken.py", "def (")
    write(project, "rates.py", "def f():\n    import broken, nowhere.at.all\n    from . import x")
    run("import rates")
    assert modules(namespace, ModuleFiles(), "rates").keys() == {"rates", "broken"}


def test_installed_and_standard_modules_are_not_local(run, namespace):
    run("import json, numpy.linalg")
    found = close_over(analyze("json, numpy"), namespace, ModuleFiles())
    assert found.modules == {}
    assert found.packages.keys() == {"numpy"}


def test_a_wrapper_from_a_local_module_counts_with_its_module(project, run, namespace):
    write(
        project,
        "wrap.py",
        "import functools\ndef loud(f):\n"
        "    @functools.wraps(f)\n    def inner(*a): return f(*a)\n    return inner\n",
    )
    run("import wrap\nk = []\n@wrap.loud\ndef f(): return k")
    found = close_over(analyze("f()"), namespace, ModuleFiles())
    assert (found.reads, found.modules.keys()) == ({"k"}, {"wrap"})
    assert "f" in found.definitions


def test_classes_that_tell_no_module_lead_nowhere():
    assert ModuleFiles().reach([None]).modules == {}
