import hashlib
import tarfile
from dataclasses import replace
from io import BytesIO

from jupyter_mlpipe.engine.met import FOUND
from jupyter_mlpipe.model.run import Dependency, DependencyKind, Run, Status, StepRun
from jupyter_mlpipe.pipelines.bundle import pack, unpack
from jupyter_mlpipe.pipelines.compile import compile_notebook
from jupyter_mlpipe.pipelines.facts import hash_of
from jupyter_mlpipe.tracking.sql import SqlMetadataStore

CELLS = (
    "import math\nfrom helpers import area",
    "%%params\nlr: float = 0.1",
    "FACTOR = 2\n\ndef twice(x):\n    return FACTOR * x",
    "%%step a --tag raw\nx = twice(math.pi) * lr  # as written",
    "%%step b\ny = area(x)",
)


def packed(notebook, root, *cells):
    book = notebook(*(cells or CELLS))
    return pack(compile_notebook(book, None), book, root)


def unpacked(data, folder):
    return unpack(data, hashlib.sha256(data).hexdigest(), folder)


def test_the_same_notebook_gives_the_same_bytes(notebook, tmp_path):
    assert packed(notebook, tmp_path) == packed(notebook, tmp_path)


def test_nothing_of_the_moment_or_the_user_is_in_it(notebook, tmp_path):
    with tarfile.open(fileobj=BytesIO(packed(notebook, tmp_path))) as archive:
        members = archive.getmembers()
    assert [m.name for m in members] == sorted(m.name for m in members)
    assert {(m.mtime, m.uid, m.gid, m.uname) for m in members} == {(0, 0, 0, "")}


def test_a_step_comes_back_as_it_was_written(notebook, tmp_path):
    step = unpacked(packed(notebook, tmp_path), tmp_path / "out").step("a")
    assert step == notebook(*CELLS).steps[0]


def test_each_step_brings_just_the_definitions_it_needs_without_parameters(notebook, tmp_path):
    found = unpacked(packed(notebook, tmp_path), tmp_path / "out")
    assert found.definitions("a").split("\n\n")[0].strip() == "import math"
    assert "FACTOR = 2" in found.definitions("a")
    assert "lr" not in found.definitions("a")
    assert "helpers" not in found.definitions("a")


def test_local_modules_travel_along(notebook, tmp_path):
    (tmp_path / "helpers.py").write_text("def area(x): return x")
    found = unpacked(packed(notebook, tmp_path), tmp_path / "out")
    assert (found.modules / "helpers.py").read_text() == "def area(x): return x"


def test_code_with_odd_characters_survives(notebook, tmp_path):
    source = "%%step a\nx = 'é🎉\\n'  # ../{{ jinja }}"
    found = unpacked(packed(notebook, tmp_path, source), tmp_path / "out")
    assert found.step("a").source == source.partition("\n")[2]


def test_a_step_that_asks_for_subclasses_brings_every_class_above_it(notebook, tmp_path):
    cells = (
        "class Base:\n    pass",
        "class One(Base):\n    pass",
        "%%step a\nx = len(Base.__subclasses__())",
        "class Late(Base):\n    pass",
    )
    brought = unpacked(packed(notebook, tmp_path, *cells), tmp_path / "out").definitions("a")
    assert "class One" in brought
    assert "class Late" not in brought


def test_a_function_that_a_run_found_without_its_name_is_brought_too(notebook, tmp_path):
    cells = ("def go():\n    return 1", "%%step a\nx = call('g' + 'o')")
    book = notebook(*cells)
    store = SqlMetadataStore(f"sqlite:///{tmp_path}/metadata.db")
    store.append((Run("r1", book.name, "notebook", Status.SUCCEEDED, 0.0), a_run_of(book, FOUND)))
    found = pack(compile_notebook(book, store), book, tmp_path, store)
    assert "def go" in unpacked(found, tmp_path / "out").definitions("a")
    assert "def go" not in unpacked(packed(notebook, tmp_path, *cells), tmp_path / "o").definitions(
        "a"
    )
    store.close()


def test_a_module_that_a_step_writes_does_not_travel(notebook, tmp_path):
    (tmp_path / "helpers.py").write_text("old = 1")
    book = notebook("import helpers", "%%step a\nwrite('helpers' + '.py')", "%%step b\nhelpers.x")
    store = SqlMetadataStore(f"sqlite:///{tmp_path}/metadata.db")
    wrote = Dependency(DependencyKind.WRITTEN, str(tmp_path / "helpers.py"), "0")
    run = replace(a_run_of(replace(book, steps=book.steps[:1]), ""), dependencies=(wrote,))
    store.append((Run("r1", book.name, "notebook", Status.SUCCEEDED, 0.0), run))
    found = unpacked(pack(compile_notebook(book, store), book, tmp_path, store), tmp_path / "out")
    assert not (found.modules / "helpers.py").exists()
    store.close()


def a_run_of(book, detail):
    (step,) = book.steps
    return StepRun(
        id="s1",
        run_id="r1",
        pipeline=book.name,
        step=step.name,
        status=Status.SUCCEEDED,
        started=0.0,
        seconds=0.0,
        reason="first run",
        cell_hash=hash_of(step),
        source=step.source,
        dependencies=(Dependency(DependencyKind.DEFINITION, "go", "0", detail),),
    )
