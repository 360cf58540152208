from dataclasses import replace

import pytest

from jupyter_mlpipe.model.errors import NotFoundError
from jupyter_mlpipe.testing.records import a_version
from jupyter_mlpipe.tracking.resolve import find_version


@pytest.fixture
def store(history):
    return history.store


def add(store, name, version_name=None):
    (stored,) = store.append([replace(a_version(name), version_name=version_name)])
    return stored


def test_a_name_alone_means_the_newest_version(store):
    add(store, "iris")
    newest = add(store, "iris")
    assert find_version(store, "iris") == newest


def test_a_version_is_asked_for_by_number_or_name(store):
    first = add(store, "iris", "raw_2023")
    add(store, "iris")
    assert find_version(store, "iris", 1) == find_version(store, "iris", "raw_2023") == first


def test_a_version_that_is_not_there_lists_those_that_are(store):
    add(store, "iris", "raw_2023")
    with pytest.raises(NotFoundError, match=r"no version 7\. .* 1 \(raw_2023\)"):
        find_version(store, "iris", 7)


def test_an_id_or_its_beginning_finds_its_version(store):
    version = add(store, "iris")
    assert find_version(store, version.id) == version
    assert find_version(store, version.id[:20]) == version


def test_the_beginning_of_a_name_finds_it_when_only_one_begins_so(store):
    version = add(store, "study::load::df")
    assert find_version(store, "study::load") == version
    add(store, "study::load::rest")
    with pytest.raises(NotFoundError, match="study::load::rest"):
        find_version(store, "study::load")


def test_a_variable_or_a_misspelling_leads_to_close_names(store):
    add(store, "study::load::df")
    for called in ("df", "study::laod::df"):
        with pytest.raises(NotFoundError, match="'study::load::df'"):
            find_version(store, called)


def test_nothing_is_close_to_nothing(store):
    with pytest.raises(NotFoundError, match="Nothing is stored yet"):
        find_version(store, "iris")
