"""Files by the module beside which they lie, and what counts of them."""

import sqlite3
from contextlib import closing

from jupyter_mlpipe.engine.file_facts import (
    file_digest,
    located,
    name_beside,
    with_content,
    written_digest,
)


def test_a_file_beside_its_module_is_found_wherever_that_lies(tmp_path, monkeypatch):
    names = []
    for place in ("here", "there"):
        folder = tmp_path / place
        (folder / "data").mkdir(parents=True)
        (folder / "rates_beside.py").write_text("")
        (folder / "data" / "r.json").write_text(place)
        path = str(folder / "data" / "r.json")
        names.append(name_beside(path, "rates_beside", str(folder / "rates_beside.py")))
    assert names[0] == names[1]
    monkeypatch.syspath_prepend(tmp_path / "here")
    assert located(names[0]) == str(tmp_path / "here" / "data" / "r.json")
    assert file_digest(names[0]) == file_digest(str(tmp_path / "here" / "data" / "r.json"))


def test_a_file_elsewhere_goes_by_its_path(tmp_path):
    path = str(tmp_path / "x.txt")
    assert name_beside(path, "m", str(tmp_path / "m" / "m.py")) == path == located(path)


def test_a_folder_that_a_step_left_counts_with_the_names_below_it(tmp_path):
    digests = [written_digest(with_content(str(tmp_path / "out")))]
    for path in ("out/a", "out/deep/b", "out/deep/__pycache__/m.pyc", "out/deep/b"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
        digests.append(written_digest(with_content(str(tmp_path / "out"))))
    assert len(set(digests[:3])) == 3
    assert digests[2] == digests[3] == digests[4]


def test_a_folder_counts_otherwise_as_being_there_only(tmp_path):
    before = written_digest(str(tmp_path))
    (tmp_path / "a").write_text("")
    assert written_digest(str(tmp_path)) == before


def test_what_a_database_has_in_its_log_counts(tmp_path):
    path, link = tmp_path / "shop.db", tmp_path / "link.db"
    link.symlink_to(path)
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("pragma journal_mode = wal")
        opened.execute("create table t as select 1 n")
    alone = file_digest(str(path))
    with closing(sqlite3.connect(path)) as opened:
        told = [alone]
        for number in (2, 3):
            with opened:
                opened.execute("update t set n = ?", [number])
            told.append(file_digest(str(path)))
            assert file_digest(str(link)) == told[-1]
    assert len(set(told)) == 3
