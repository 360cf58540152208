"""How the build backend gets the JupyterLab extension: from the committed assets where it can.

The assets are kept in the repository with a digest of the sources they were built from, because
two builds of the same sources differ in bytes. So an install needs Node.js only when the sources
were changed and not built since.
"""

from __future__ import annotations

import hashlib
import shutil
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
    from hatch_jupyter_builder import npm_builder

    npm_builder(target_name, version, path=path, build_cmd="build:prod", npm=["jlpm"])
    stamp.write_text(wanted + "\n", encoding="ascii")
