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
RESULTS = ROOT / "test-results"
_TAIL = 6_000
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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed journey keeps what the browser and the server saw, and says it."""
    report = yield
    seen = item.funcargs if report.failed and call.when != "teardown" else {}
    if "page" in seen:
        RESULTS.mkdir(exist_ok=True)
        picture = RESULTS / f"failed-{item.originalname}.png"
        picture.write_bytes(seen["page"].screenshot())
        report.sections.append(("Picture", str(picture)))
        report.sections.append(("Browser", "\n".join(seen["browser_log"])[-_TAIL:]))
    if "lab" in seen:
        report.sections += seen["lab"].story()
    for title, text in report.sections if seen else ():
        if title in ("Browser", "Server"):
            (RESULTS / f"failed-{item.originalname}.{title.lower()}.log").write_text(text)
    return report


@pytest.fixture(scope="session", autouse=True)
def _every_process_runs_this_checkout():
    """Whatever the interpreter has installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join((str(ROOT), str(ROOT / "kernel"))))
        yield


@dataclass
class Lab:
    """A running server and the folder it shows."""

    url: str
    token: str
    root: Path
    log: Path

    def story(self):
        """What the server and the runs it started printed, as sections of a report."""
        yield "Server", self.log.read_text()[-_TAIL:]
        for file in sorted(self.root.glob(".mlpipe/logs/*/*.log")):
            yield f"Run {file.parent.name[:8]}: {file.name}", file.read_text()[-_TAIL:]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    home, root = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("project")
    (root / "pyproject.toml").write_text("")
    extension = home / "share" / "labextensions" / "jupyter-mlpipe"
    shutil.copytree(ROOT / "jupyter_mlpipe" / "labextension", extension)
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
            "JUPYTER_PATH": str(home / "share"),
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
    yield Lab(url, token, root, log)
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
def browser_log():
    """What the page said on its console, and what it did not get from the server."""
    return []


@pytest.fixture(scope="module")
def page(lab, browser_log):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = shutil.which("chromium") or "/usr/bin/chromium"
        browser = driver.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        page = browser.new_page(viewport={"width": 1500, "height": 950})
        page.set_default_timeout(90_000)
        _listen(page, browser_log)
        yield page
        browser.close()


def _listen(page, lines):
    started = time.monotonic()

    def note(text):
        lines.append(f"{time.monotonic() - started:7.2f} {text}")

    page.on("console", lambda message: note(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: note(f"uncaught: {error}"))
    page.on("requestfailed", lambda request: note(f"no answer: {request.url} {request.failure}"))
    page.on(
        "response", lambda answer: note(f"{answer.status} {answer.url}") if _ours(answer) else 0
    )


def _ours(answer):
    return answer.status >= 400 or "/jupyter-mlpipe/" in answer.url


@pytest.fixture(scope="module")
def shoot(page):
    """Keep a picture for a person to look at."""
    RESULTS.mkdir(exist_ok=True)

    def take(name):
        page.screenshot(path=RESULTS / f"{name}.png")

    return take


@pytest.fixture(scope="module")
def open_notebook(lab, page):
    def go(name="quickstart.ipynb"):
        page.goto(f"{lab.url}/lab/tree/{name}?token={lab.token}&reset")
        page.wait_for_function(_CONNECTED)
        page.get_by_text("| Idle").first.wait_for()
        page.evaluate("window.jupyterapp.commands.execute('mlpipe:open-sidebar')")
        page.locator("#jupyter-mlpipe-sidebar").wait_for()

    return go
