import importlib.metadata
import os
import platform
import sys
import threading

import pytest

from jupyter_mlpipe.environments import capture as module
from jupyter_mlpipe.environments.capture import EnvironmentCapture


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A folder on the path, and a way to install something there."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)

    def install(name, version):
        info = folder / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")

    return install


@pytest.fixture
def takes(monkeypatch):
    """Counts how often the repository is asked, which each full capture does once."""
    asked = []
    monkeypatch.setattr(module, "git_state", asked.append)
    return asked


def test_a_snapshot_tells_python_machine_and_packages(tmp_path):
    snapshot = EnvironmentCapture(tmp_path).snapshot()
    assert snapshot.python == platform.python_version()
    assert snapshot.cpu
    assert snapshot.cpu_count >= 1
    assert snapshot.packages["pytest"] == pytest.__version__
    assert snapshot.git is None


def test_equal_environments_share_a_digest(tmp_path):
    assert EnvironmentCapture(tmp_path).snapshot() == EnvironmentCapture(tmp_path).snapshot()


def test_nothing_is_captured_twice_while_nothing_changes(tmp_path, takes):
    capture = EnvironmentCapture(tmp_path)
    assert capture.snapshot() is capture.snapshot()
    assert len(takes) == 1


def test_an_installed_package_gives_another_snapshot(tmp_path, installed, takes):
    capture = EnvironmentCapture(tmp_path)
    before = capture.snapshot()
    installed("some_new_package", "1.2")
    after = capture.snapshot()
    assert after.packages["some_new_package"] == "1.2"
    assert before.digest != after.digest


def test_the_package_found_first_on_the_path_counts(tmp_path, installed):
    installed("pytest", "0.0.1")
    assert EnvironmentCapture(tmp_path).snapshot().packages["pytest"] == "0.0.1"


def test_a_package_without_metadata_is_passed_over(tmp_path, installed):
    (tmp_path / "site-packages" / "half_removed-1.dist-info").mkdir()
    assert "half_removed" not in EnvironmentCapture(tmp_path).snapshot().packages


def test_names_and_versions_are_those_that_importlib_reads(tmp_path):
    told = EnvironmentCapture(tmp_path).snapshot().packages
    for name, version in told.items():
        assert importlib.metadata.version(name) == version
    assert {d.metadata["Name"] for d in importlib.metadata.distributions()} == told.keys()


def test_what_a_description_says_of_a_name_and_version_is_no_header(tmp_path, installed):
    installed("described", "1.0")
    metadata = tmp_path / "site-packages" / "described-1.0.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text() + "\nVersion: 9\n\nName: other\nVersion: 2\n")
    told = EnvironmentCapture(tmp_path).snapshot().packages
    assert told["described"] == "1.0"
    assert "other" not in told


def test_a_package_installed_as_an_egg_is_told(tmp_path, installed):
    (tmp_path / "site-packages" / "older-0.3.egg-info").write_text("Name: older\nVersion: 0.3\n")
    folder = tmp_path / "site-packages" / "eldest-0.2.egg-info"
    folder.mkdir()
    (folder / "PKG-INFO").write_text("Name: eldest\nVersion: 0.2\n")
    told = EnvironmentCapture(tmp_path).snapshot().packages
    assert (told["older"], told["eldest"]) == ("0.3", "0.2")


def test_a_move_of_the_repository_is_noticed(tmp_path, takes):
    head = tmp_path / ".git" / "HEAD"
    head.parent.mkdir()
    head.write_text("ref: refs/heads/main\n")
    capture = EnvironmentCapture(tmp_path)
    capture.snapshot()
    os.utime(head, (1, 1))
    capture.snapshot()
    assert len(takes) == 2


def test_the_image_of_a_container_is_part_of_it(tmp_path, monkeypatch, takes):
    capture = EnvironmentCapture(tmp_path)
    assert capture.snapshot().image is None
    monkeypatch.setenv("MLPIPE_IMAGE", "registry.example/x:1")
    assert capture.snapshot().image == "registry.example/x:1"


def test_threads_wait_for_one_capture(tmp_path, takes):
    capture = EnvironmentCapture(tmp_path)
    threads = [threading.Thread(target=capture.snapshot) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(takes) == 1


def test_cards_are_listed_as_the_driver_names_them(tmp_path, monkeypatch):
    command = tmp_path / "nvidia-smi"
    command.write_text(f"#!{sys.executable}\nprint('NVIDIA H200\\nNVIDIA H200')\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert EnvironmentCapture(tmp_path).snapshot().gpus == ("NVIDIA H200", "NVIDIA H200")


def test_a_driver_that_fails_means_no_cards(tmp_path, monkeypatch):
    command = tmp_path / "nvidia-smi"
    command.write_text("#!/bin/sh\nexit 9\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert EnvironmentCapture(tmp_path).snapshot().gpus == ()
