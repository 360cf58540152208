"""Tags and metadata on the command line."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence

from jupyter_mlpipe.model.errors import MetadataError
from jupyter_mlpipe.model.labels import Labels, Subject


def metadata_filter(pairs: Sequence[str]) -> Mapping[str, object]:
    """`KEY=VALUE` options, to look for: the value as text, or as the JSON that it reads as.

    Raises:
        MetadataError: One has no `=`.
    """
    said = _pairs(pairs)
    return {key: tuple(dict.fromkeys((text, *_as_json(text)))) for key, text in said.items()}


def add_label_options(parser: argparse.ArgumentParser) -> None:
    """What `tag` takes beside what it is about."""
    parser.add_argument("tags", nargs="*", metavar="TAG")
    parser.add_argument("--remove", action="append", default=[], metavar="TAG")
    parser.add_argument("--meta", action="append", default=[], metavar="KEY=VALUE")


def stated_labels(chosen: argparse.Namespace, subject: Subject, id_: str) -> Labels:
    """What the options say of a record; numbers and the like are stored as such.

    Raises:
        MetadataError: They say nothing.
    """
    if not (chosen.tags or chosen.remove or chosen.meta):
        raise MetadataError("Say what to change: TAG, --remove TAG or --meta KEY=VALUE.")
    said = _pairs(chosen.meta)
    metadata = {key: next(iter(_as_json(text)), text) for key, text in said.items()}
    return Labels(subject, id_, tuple(chosen.tags), metadata, tuple(chosen.remove))


def _pairs(pairs: Sequence[str]) -> Mapping[str, str]:
    said = {}
    for pair in pairs:
        key, separator, text = pair.partition("=")
        if not separator or not key:
            raise MetadataError(f"--meta {pair}: expected KEY=VALUE, such as --meta rows=100.")
        said[key] = text
    return said


def _as_json(text: str) -> Sequence[object]:
    try:
        found = json.loads(text)
    except ValueError:
        return ()
    return () if isinstance(found, float) and found != found else (found,)  # noqa: PLR0124  # NaN
