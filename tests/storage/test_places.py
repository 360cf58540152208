"""Places that an artifact store can be in."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import warnings

import fsspec
import pytest

from jupyter_mlpipe.testing.artifacts import ArtifactStoreContract


class TestInAFolder(ArtifactStoreContract):
    def url(self, folder):
        return str(folder / "store")


class TestInMemory(ArtifactStoreContract):
    def url(self, folder):
        return f"memory://{folder.name}"


class TestInS3(ArtifactStoreContract):
    @pytest.fixture(autouse=True)
    def _bucket(self, s3):
        self.bucket = s3

    def url(self, folder):
        return f"{self.bucket}/{folder.name}"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def serving(command, port):
    """An emulator in a process of its own, from when it answers on."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(60)


@pytest.fixture(scope="session")
def azure(tmp_path_factory):
    """Azurite, where it is on the path or named by `AZURITE` (`npm install azurite`)."""
    pytest.importorskip("adlfs", reason="adlfs is not installed")
    command = os.environ.get("AZURITE") or shutil.which("azurite-blob")
    if not command:
        pytest.skip("Azurite is not installed")
    port, folder = free_port(), tmp_path_factory.mktemp("azurite")
    options = ["--blobPort", str(port), "--location", str(folder), "--skipApiVersionCheck"]
    yield from serving([command, *options, "--silent", "--disableTelemetry"], port)


# The driver sends a pack in one piece, and aiohttp would rather have it in several.
IN_ONE_PIECE = pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")


@IN_ONE_PIECE
class TestInAzure(ArtifactStoreContract):
    @pytest.fixture(autouse=True)
    def _container(self, azure, monkeypatch):
        account = "devstoreaccount1"  # Azurite's own, with a key that it publishes
        key = (
            "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6"
            "tq/K1SZFPTOtr/KBHBeksoGMGw=="
        )
        words = (
            f"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={key};"
            f"BlobEndpoint={azure}/{account};"
        )
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", words)
        fs = fsspec.filesystem("abfs")
        if not fs.exists("team"):
            fs.mkdir("team")

    def url(self, folder):
        return f"abfs://team/{folder.name}"


@pytest.fixture(scope="session")
def gcs():
    """The emulator of `pip install gcp-storage-emulator`."""
    with warnings.catch_warnings(action="ignore"):  # of their libraries
        pytest.importorskip("gcsfs", reason="gcsfs is not installed")
        pytest.importorskip("gcp_storage_emulator", reason="gcp-storage-emulator is not installed")
    port = free_port()
    command = [sys.executable, "-m", "gcp_storage_emulator", "start", "--in-memory"]
    yield from serving([*command, "--host", "127.0.0.1", "--port", str(port)], port)


@IN_ONE_PIECE
class TestInGoogleCloud(ArtifactStoreContract):
    @pytest.fixture(autouse=True)
    def _bucket(self, gcs, monkeypatch):
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs)
        monkeypatch.setenv("NO_GCE_CHECK", "true")
        monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")  # asks for it over gRPC
        fs = fsspec.filesystem("gs", token="anon")
        if not fs.exists("team"):
            fs.mkdir("team")

    def url(self, folder):
        return f"gs://team/{folder.name}"
