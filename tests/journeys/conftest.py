"""A real JupyterLab in headless Chromium."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "test-results"
_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--disable-dev-shm-usage",
)
_CONNECTED = (
    "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.connectionStatus"
    " === 'connected'"
)


def pytest_collection_modifyitems(items):
    for item in items:
        if "journeys" in item.path.parts:
            item.add_marker(pytest.mark.journey)
            item.add_marker(pytest.mark.timeout(900))


@dataclass
class Lab:
    """A running server and the folder it shows."""

    url: str
    token: str
    root: Path


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    home, root = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("project")
    (root / "pyproject.toml").write_text("")
    shutil.copy(ROOT / "notebooks" / "quickstart.ipynb", root)
    news = home / "settings" / "@jupyterlab" / "apputils-extension"
    news.mkdir(parents=True)
    settings = '{"fetchNews": "false", "checkForUpdates": false}'
    (news / "notification.jupyterlab-settings").write_text(settings)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(8)
    log = home / "lab.log"
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1"),
            *(f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"),
            *(f"--ServerApp.root_dir={root}", "--allow-root", "--LabApp.news_url=None"),
            *("--LabApp.expose_app_in_browser=True", "--LabApp.extension_manager=readonly"),
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ],
        env={
            **os.environ,
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
            "IPYTHONDIR": str(home / "ipython"),
        },
        stdout=os.open(log, os.O_WRONLY | os.O_CREAT),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    _wait_for(f"{url}/api?token={token}", server, log)
    yield Lab(url, token, root)
    os.killpg(server.pid, signal.SIGTERM)
    try:
        server.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)


def _wait_for(url, server, log):
    limit = time.monotonic() + 120
    while time.monotonic() < limit and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
        else:
            return
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="module")
def page(lab):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = shutil.which("chromium") or "/usr/bin/chromium"
        browser = driver.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        page = browser.new_page(viewport={"width": 1500, "height": 950})
        page.set_default_timeout(90_000)
        yield page
        browser.close()


@pytest.fixture
def shoot(page):
    """Keep a picture for a person to look at."""
    SHOTS.mkdir(exist_ok=True)

    def take(name):
        page.screenshot(path=SHOTS / f"{name}.png")

    return take


@pytest.fixture
def open_notebook(lab, page):
    def go(name="quickstart.ipynb"):
        page.goto(f"{lab.url}/lab/tree/{name}?token={lab.token}&reset")
        page.wait_for_function(_CONNECTED)
        page.get_by_text("| Idle").first.wait_for()
        page.evaluate("window.jupyterapp.commands.execute('mlpipe:open-sidebar')")
        page.locator("#jupyter-mlpipe-sidebar").wait_for()

    return go
