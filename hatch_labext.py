"""How the build backend gets the JupyterLab extension: from the committed assets where it can.

The assets are kept in the repository with a digest of the sources they were built from, because
two builds of the same sources differ in bytes. So an install needs Node.js only when the sources
were changed and not built since. `python hatch_labext.py` builds them anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

SOURCES = ("package.json", "yarn.lock", "tsconfig.json", "install.json", "src", "style", "schema")
STAMP = "source.sha256"


def source_hash(folder: Path) -> str:
    """Digest of everything in the extension's folder that decides what is built."""
    digest = hashlib.sha256()
    for file in _source_files(folder):
        content = file.read_bytes().replace(b"\r\n", b"\n")
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()


def _source_files(folder: Path) -> Iterator[Path]:
    for name in SOURCES:
        path = folder / name
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in found if file.is_file() and "__tests__" not in file.parts)


def build(
    target_name: str,
    version: str,
    path: str = "labextension",
    out: str = "jupyter_mlpipe/labextension",
) -> None:
    """Build the extension if its sources changed; called by hatch-jupyter-builder.

    Raises:
        RuntimeError: There are neither built assets nor a Node.js to build them with.
    """
    assets, wanted = Path(out), source_hash(Path(path))
    stamp = assets / STAMP
    if stamp.is_file() and stamp.read_text(encoding="ascii").strip() == wanted:
        return
    if shutil.which("node") is None:
        if not (assets / "package.json").is_file():
            raise RuntimeError(
                f"There is no built JupyterLab extension in {out} and no Node.js to build it "
                "with; install Node.js 20.19 or newer and try again."
            )
        sys.stderr.write(f"Node.js not found: {out} is older than {path} and used as it is.\n")
        return
    from hatch_jupyter_builder.utils import npm_builder

    npm_builder(target_name, version, path=path, build_cmd="build:prod", npm=["jlpm"])
    _write_stamp(Path(path), assets)


def rebuild(root: Path) -> None:
    """Build the extension with the tools beside this interpreter, and stamp what was built."""
    tools = Path(sys.executable).parent
    path = os.pathsep.join([str(tools), os.environ.get("PATH", "")])
    subprocess.run(
        [tools / "jlpm", "build:prod"],
        cwd=root / "labextension",
        env={**os.environ, "PATH": path},
        check=True,
    )
    _write_stamp(root / "labextension", root / "jupyter_mlpipe" / "labextension")


def _write_stamp(folder: Path, assets: Path) -> None:
    (assets / STAMP).write_text(source_hash(folder) + "\n", encoding="ascii")


if __name__ == "__main__":
    rebuild(Path(__file__).parent)
