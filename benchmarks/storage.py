"""What storing costs: each figure beside the raw operation on the same disk, in the same run.

    python benchmarks/storage.py [--megabytes 1024] [--rounds 5] [--folder DIR]

The raw operation writes the same bytes to a file with one flush. Rounds of ours and of it take
turns, and the best of each counts.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from blake3 import blake3

from jupyter_mlpipe.engine.values import ValueStore
from jupyter_mlpipe.materializers.buffers import BufferDigests
from jupyter_mlpipe.materializers.fingerprint import fingerprint
from jupyter_mlpipe.materializers.pages import open_tracker
from jupyter_mlpipe.materializers.registry import default_registry
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.folder import FolderBlobs

COLUMNS = 50
VERSIONS = 10
SMALL = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where to write; a temporary one by default")
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.peak:
        print(peak(chosen.peak, chosen.megabytes, chosen.folder))
        return
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        root = Path(folder)
        for kind in ("array", "frame"):
            throughput(kind, chosen.megabytes, chosen.rounds, root)
            read_whole(kind, chosen.megabytes, chosen.rounds, root)
            one_element(kind, chosen.megabytes // 2, root)
        throughput("mixed", chosen.megabytes // 2, chosen.rounds, root)
        growth("one column of 50 changed", chosen.megabytes // 2, root, change_column)
        growth("2 % of rows appended", chosen.megabytes // 2, root, append_rows)
        small_values(root)


def value_of(kind: str, megabytes: int) -> Any:
    """Random numbers, which nothing compresses."""
    count = (megabytes << 20) // 8
    numbers = np.random.default_rng(0)
    if kind == "mixed":
        return mixed_frame(megabytes * 11_000)
    if kind == "array":
        return numbers.random(count)
    return pd.DataFrame({f"c{i}": numbers.random(count // COLUMNS) for i in range(COLUMNS)}).copy()


def mixed_frame(rows: int, seed: int = 0) -> Any:
    """Numbers, times, categories, flags and texts: about 95 bytes a row."""
    numbers = np.random.default_rng(seed)
    words = pd.array([f"name {i}" for i in range(10_000)], dtype="str")
    return pd.DataFrame(
        {f"x{i}": numbers.random(rows) for i in range(5)}
        | {f"n{i}": numbers.integers(0, 1000, rows) for i in range(3)}
        | {
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(numbers.integers(0, 10**9, rows)),
            "kind": pd.Categorical.from_codes(numbers.integers(0, 3, rows), ["a", "b", "c"]),
            "flag": numbers.random(rows) < 0.5,
            "name": words.take(numbers.integers(0, 10_000, rows)),
        }
    )


@contextmanager
def store_in(root: Path) -> Iterator[tuple[ValueStore, BufferDigests]]:
    """A store over a new folder, or over the one that is there."""
    tracker = open_tracker()
    digests = BufferDigests(tracker)
    yield (
        ValueStore(ArtifactStore(FolderBlobs(root / "store")), default_registry(), digests),
        digests,
    )
    if tracker is not None:
        tracker.close()


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def write_raw(data: memoryview, path: Path) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def bytes_in(folder: Path) -> int:
    return sum(p.stat().st_blocks * 512 for p in folder.rglob("*") if p.is_file())


def throughput(kind: str, megabytes: int, rounds: int, root: Path) -> None:
    value = value_of(kind, megabytes)
    data = memoryview(np.random.default_rng(1).bytes(bytes_of(value)))
    raw, ours, load, look = [], [], [], []
    for _ in range(rounds):
        raw.append(seconds(partial(write_raw, data, root / "raw")))
        (root / "raw").unlink()
        with store_in(root) as (values, digests):
            fingerprint(value, digests)  # as it is looked at after each step
            start = time.perf_counter()
            manifest = values.keep(value).manifest
            ours.append(time.perf_counter() - start)
        with store_in(root) as (values, digests):
            values.load_manifest(values.keep(np.zeros(100_000)).manifest)  # opens what it needs
            start = time.perf_counter()
            loaded = values.load_manifest(manifest)
            load.append(time.perf_counter() - start)
            look.append(seconds(partial(fingerprint, loaded, digests)))
            del loaded
        shutil.rmtree(root / "store")
    del value, data
    extra = subprocess.run(
        [sys.executable, __file__, "--peak", kind, "--megabytes", str(megabytes), "--folder", root],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    print(
        f"{kind} of {megabytes} MB: kept at {min(raw) / min(ours):.2f} of raw "
        f"({min(ours):.2f} s, raw {min(raw):.2f} s), {extra.strip()} MB extra memory; "
        f"loaded in {1000 * min(load):.1f} ms, looked at in {1000 * min(look):.1f} ms"
    )


def bytes_of(value: Any) -> int:
    return int(
        value.nbytes if isinstance(value, np.ndarray) else value.memory_usage(deep=True).sum()
    )


def read_whole(kind: str, megabytes: int, rounds: int, root: Path) -> None:
    """A value that this machine has verified before, and one that it meets for the first time."""
    value = value_of(kind, megabytes)
    write_raw(memoryview(np.random.default_rng(1).random(bytes_of(value) // 8)), root / "raw")
    with store_in(root) as (values, _):
        manifest = values.keep(value).manifest
    del value
    times: dict[str, list[float]] = {"raw": [], "known": [], "raw, verified": [], "met": []}
    for _ in range(rounds):
        times["raw"].append(seconds(lambda: read_raw(root / "raw", verify=False)))
        times["known"].append(seconds(lambda: load_whole(root, manifest)))
        times["raw, verified"].append(seconds(lambda: read_raw(root / "raw", verify=True)))
        (root / "other").mkdir()
        shutil.copytree(root / "store", root / "other" / "store")
        times["met"].append(seconds(partial(load_whole, root / "other", manifest)))
        shutil.rmtree(root / "other")
    (root / "raw").unlink()
    shutil.rmtree(root / "store")
    raw, known, verified, met = (min(found) for found in times.values())
    print(
        f"{kind} of {megabytes} MB, read whole and summed up: {raw / known:.2f} of raw "
        f"({known:.2f} s, raw {raw:.2f} s); met for the first time {verified / met:.2f} of raw "
        f"and verification ({met:.2f} s, raw {verified:.2f} s)"
    )


def load_whole(root: Path, manifest: Any) -> None:
    with store_in(root) as (values, _):
        np.asarray(values.load_manifest(manifest)).sum()


def read_raw(path: Path, *, verify: bool) -> None:
    data = np.fromfile(path)
    if verify:
        blake3(data.view("u1")).digest()
    data.sum()


def peak(kind: str, megabytes: int, root: Path) -> int:
    """Megabytes beyond the value itself, in a process of its own that does nothing else."""
    value = value_of(kind, megabytes)
    with store_in(root / "peak") as (values, _):
        values.keep(np.zeros(100_000))  # whatever is imported and opened once
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
        before = peak_memory()
        values.keep(value)
        after = peak_memory()
    shutil.rmtree(root / "peak")
    return (after - before) >> 10


def peak_memory() -> int:
    """Kilobytes that this process held at most, the page cache not included."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


def one_element(kind: str, megabytes: int, root: Path) -> None:
    value = value_of(kind, megabytes)
    chunk = memoryview(bytes(512 * 1024))
    with store_in(root) as (values, digests):
        fingerprint(value, digests)
        values.keep(value)
        before, times = bytes_in(root / "store"), list[float]()
        for place in range(0, 10_000, 1000):
            if kind == "array":
                value[place] = -1
            else:
                value.iloc[place, 3] = -1
            start = time.perf_counter()
            fingerprint(value, digests)
            values.keep(value)
            times.append(time.perf_counter() - start)
    stored = (bytes_in(root / "store") - before) / len(times) / (1 << 20)
    raw = min(seconds(lambda: write_raw(chunk, root / "raw")) for _ in range(10))
    shutil.rmtree(root / "store")
    print(
        f"one element of one {kind} of {megabytes} MB: {1000 * min(times):.1f} ms, {stored:.2f} MB "
        f"(raw write of 0.5 MB: {1000 * raw:.1f} ms)"
    )


def growth(name: str, megabytes: int, root: Path, change: Callable[[Any, int], Any]) -> None:
    frame = value_of("frame", megabytes)
    sizes = []
    with store_in(root) as (values, _):
        for version in range(VERSIONS):
            kept = values.keep(frame)
            sizes.append(bytes_in(root / "store"))
            frame = change(frame, version)
    with store_in(root) as (values, _):
        load = seconds(lambda: values.load_manifest(kept.manifest))
    shutil.rmtree(root / "store")
    print(
        f"{VERSIONS} versions of {megabytes} MB, {name}: "
        f"{sizes[-1] / sizes[0]:.2f} times the first; "
        f"the last loaded in {1000 * load:.1f} ms"
    )


def change_column(frame: Any, version: int) -> Any:
    frame[f"c{version * 3}"] = np.random.default_rng(version + 1).random(len(frame))
    return frame


def append_rows(frame: Any, version: int) -> Any:
    rows = np.random.default_rng(version + 1).random((len(frame) // 50, COLUMNS))
    return pd.concat([frame, pd.DataFrame(rows, columns=frame.columns)], ignore_index=True)


def small_values(root: Path) -> None:
    texts = [f"{number:0100}" for number in range(SMALL)]
    with store_in(root) as (values, _):
        ours = seconds(lambda: [values.keep(text) for text in texts])
    shutil.rmtree(root / "store")
    (root / "small").mkdir()
    paths = [root / "small" / str(number) for number in range(SMALL)]
    raw = seconds(
        lambda: [write_raw(memoryview(t.encode()), p) for t, p in zip(texts, paths, strict=True)]
    )
    shutil.rmtree(root / "small")
    print(f"small values of 100 bytes: {SMALL / ours:.0f} a second (raw {SMALL / raw:.0f})")


if __name__ == "__main__":
    main()
