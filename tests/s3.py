"""A server of the tests' own that speaks S3, on this machine only."""

import logging
from contextlib import contextmanager

import fsspec

_BUCKET = "team"


@contextmanager
def running_server():
    """Gives its port."""
    from moto.server import ThreadedMotoServer  # takes a second to import

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it tells of each request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield server.get_host_and_port()[1]
    server.stop()


def bucket(port, monkeypatch, config):
    """The URL of a bucket; clients find the server by the environment.

    `config` is the folder of a user's settings.
    """
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config))  # where it is kept whose store it is
    fs = fsspec.filesystem("s3")
    if not fs.exists(_BUCKET):
        fs.mkdir(_BUCKET)
    return f"s3://{_BUCKET}"
