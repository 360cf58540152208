"""What the command line says of a live kernel's project."""

import json
import subprocess
import sys


def shown(kernel, run="latest"):
    """What `mlpipe run show --json` says."""
    command = [sys.executable, "-m", "jupyter_mlpipe", "run", "show", run, "--json"]
    done = subprocess.run(
        command, cwd=kernel.folder, env=kernel._env, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)
