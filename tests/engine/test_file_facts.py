"""Files that go by the module beside which they lie."""

from jupyter_mlpipe.engine.file_facts import file_digest, located, name_beside


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
