"""A machine of a team: a process with folders and a name of its own; the stores are shared.

It keeps values under one name until it kept enough, then waits for the others, then loads all.
"""

import os
import platform
import socket
import sys
import time
from pathlib import Path

import numpy as np

from jupyter_mlpipe.client import Client, load_artifact, save_artifact

name, count, others = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
socket.gethostname = platform.node = lambda: name
for number in range(count):
    value = np.full(100_000, number + 0.5)
    value[0] = sum(name.encode())
    save_artifact(value, "shared", tags=[f"{name}-{number}"])
(others / name).touch()
while len(list(others.iterdir())) < 2:
    time.sleep(0.02)
with Client() as client:
    versions = client.list_artifact_versions(name="shared")
for version in versions:
    (tag,) = version.tags
    machine, _, number = tag.partition("-")
    expected = np.full(100_000, int(number) + 0.5)
    expected[0] = sum(machine.encode())
    found = load_artifact("shared", version.version)
    assert np.array_equal(found, expected), version
sys.stdout.write(" ".join(str(version.version) for version in versions))
sys.stdout.flush()
os._exit(0)
