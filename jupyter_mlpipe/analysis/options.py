"""The `%%step` and `%pipeline` lines."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from jupyter_mlpipe.analysis.annotations import checked_version
from jupyter_mlpipe.analysis.conditions import problem_with_condition
from jupyter_mlpipe.analysis.parameters import PARAMETER_TYPES, parameter_from_text
from jupyter_mlpipe.analysis.quantities import parse_bytes, parse_count, parse_number, parse_seconds
from jupyter_mlpipe.model.artifact import ArtifactType
from jupyter_mlpipe.model.errors import StepOptionError
from jupyter_mlpipe.model.pipeline import FanOut, Parameter, Resources, Retries
from jupyter_mlpipe.model.step import StepOptions


@dataclass(frozen=True, slots=True)
class Option:
    """What completions and `%%step?` say of an option."""

    name: str
    metavar: str
    """Empty for an option without a value."""
    help: str


OPTIONS: tuple[Option, ...] = (
    Option("--out", "VAR[=NAME],...", "keep these variables; NAME is the artifact's name"),
    Option("--in", "VAR,...", "variables that the step must read"),
    Option("--type", "VAR=TYPE,...", f"artifact type: {', '.join(ArtifactType)}"),
    Option("--tag", "TAG,...", "tags of the artifact versions"),
    Option("--meta", "KEY=VALUE", "metadata of the artifact versions"),
    Option("--version", "NAME", "version name of the artifact versions"),
    Option("--model", "NAME", "model of which the outputs become a new version"),
    Option("--materializer", "VAR=NAME,...", "how a variable is stored"),
    Option("--no-visualizations", "", "make no previews of what the step leaves"),
    Option("--no-cache", "", "run the step even when nothing changed"),
    Option("--expires-after", "DURATION", "run it again when its result is older, such as 7d"),
    Option("--cpu", "CORES", "cores the step needs when it runs elsewhere"),
    Option("--memory", "SIZE", "memory, such as 4GB"),
    Option("--gpu", "COUNT", "GPUs"),
    Option("--disk", "SIZE", "disk space, such as 10GB"),
    Option("--image", "IMAGE", "container image"),
    Option("--retries", "COUNT", "how often a failed step is tried again"),
    Option("--retry-delay", "DURATION", "wait before the first retry, such as 30s"),
    Option("--timeout", "DURATION", "longest time the step may take, such as 30m"),
    Option("--env", "KEY=VALUE", "environment variable"),
    Option("--secret", "ENV=REFERENCE", "environment variable filled from a secret"),
    Option("--map", "[NAME=]VAR", "run the cell once for each element of VAR, under NAME"),
    Option("--if", "EXPRESSION", "run the cell only when this is true, as in --if 'n > 3'"),
    Option("--after", "STEP,...", "steps that must come first"),
)
"""Every option that works, in the order of the help."""


def parse_step_line(line: str, cell: str) -> tuple[str, StepOptions]:
    """The name and options after `%%step`.

    Args:
        line: What stands after `%%step`.
        cell: How messages name the cell, such as `cell 4`.

    Raises:
        StepOptionError: The name is missing, or an option cannot be understood.
    """
    draft = _Draft(cell)
    words = _words(line, cell)
    names = list(_positional(words, draft))
    return _single_name(names, "%%step", cell), draft.options()


@dataclass(frozen=True, slots=True)
class PipelineLine:
    """What `%pipeline` says."""

    name: str
    parameters: tuple[Parameter, ...] = ()
    cache: bool = True
    """False: no step of the pipeline is ever skipped."""


def parse_pipeline_line(line: str, cell: str) -> PipelineLine:
    """The name, the parameters and whether to cache, after `%pipeline`.

    Raises:
        StepOptionError: The name is missing, or a parameter cannot be understood.
    """
    words = iter(_words(line, cell))
    names: list[str] = []
    parameters: dict[str, Parameter] = {}
    cache = True
    for word in words:
        if not word.startswith("--"):
            names.append(word)
            continue
        if word == "--no-cache":
            cache = False
            continue
        option, _, value = word.partition("=")
        if option != "--param":
            raise StepOptionError(
                cell, f"unknown option {option} of %pipeline; use --param or --no-cache."
            )
        parameter = _parameter(value or next(words, ""), cell)
        if parameter.name in parameters:
            raise StepOptionError(cell, f"the parameter {parameter.name!r} is given twice.")
        parameters[parameter.name] = parameter
    name = _single_name(names, "%pipeline", cell)
    return PipelineLine(name, tuple(parameters.values()), cache)


def _words(line: str, cell: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise StepOptionError(
            cell, f"cannot read {line.strip()!r} ({error}); close or escape the quote."
        ) from error


def _single_name(names: list[str], magic: str, cell: str) -> str:
    if not names or not names[0].strip():
        raise StepOptionError(cell, f"{magic} needs a name, as in `{magic} train`.")
    if len(names) > 1:
        raise StepOptionError(
            cell,
            f"{magic} takes one name, found {len(names)}: {', '.join(names)}. Quote a name that "
            f'has spaces, as in `{magic} "{" ".join(names)}"`.',
        )
    return names[0]


def _parameter(text: str, cell: str) -> Parameter:
    head, equals, value = text.partition("=")
    name, _, kind = head.partition(":")
    if not equals or not name.isidentifier():
        raise StepOptionError(
            cell, f"expected NAME[:TYPE]=VALUE after --param, as in lr:float=0.1, found {text!r}."
        )
    try:
        return parameter_from_text(name, kind, value)
    except ValueError as error:
        raise StepOptionError(
            cell, f"the parameter {name!r}: {error} Types are {', '.join(PARAMETER_TYPES)}."
        ) from error


def _positional(words: Iterable[str], draft: _Draft) -> Iterable[str]:
    rest = iter(words)
    for word in rest:
        if not word.startswith("--"):
            yield word
            continue
        option, equals, value = word.partition("=")
        if option in _SWITCHES and not equals:
            draft.off.add(option)
            continue
        take = draft.taker(option)
        if not equals:
            value = next(rest, "--")
        if value.startswith("--") or not value:
            raise draft.error(f"{option} needs a value: {option} {_metavar(option)}.")
        take(option, value)


def _metavar(name: str) -> str:
    return next((option.metavar for option in OPTIONS if option.name == name), "")


@dataclass(slots=True)
class _Draft:
    """The options read so far, by the name of the option."""

    cell: str
    pairs: dict[str, dict[str, str]] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)
    off: set[str] = field(default_factory=set)
    """What was switched off."""
    fan_out: FanOut | None = None

    def error(self, problem: str) -> StepOptionError:
        return StepOptionError(self.cell, problem)

    def taker(self, option: str) -> Callable[[str, str], None]:
        """What reads the value of an option."""
        takers: Mapping[str, Callable[[str, str], None]] = {
            **dict.fromkeys(("--out", "--type", "--materializer"), self._take_variables),
            **dict.fromkeys(("--meta", "--env", "--secret"), self._take_pair),
            **dict.fromkeys(("--in", "--tag"), self._take_list),
            "--version": self._take_version,
            **dict.fromkeys(("--image", "--model"), self._take_text),
            **dict.fromkeys(_QUANTITIES, self._take_quantity),
            "--map": self._take_map,
            "--if": self._take_condition,
            "--after": self._take_step,
        }
        if option in takers:
            return takers[option]
        if option in _SWITCHES:
            raise self.error(f"{option} takes no value.")
        close = difflib.get_close_matches(option, [o.name for o in OPTIONS], n=1, cutoff=0.0)
        raise self.error(f"unknown option {option}; did you mean {close[0]}? `%%step?` lists all.")

    def options(self) -> StepOptions:
        """The finished record."""
        return StepOptions(
            outputs=self.pairs.get("--out", {}),
            inputs=tuple(self.lists.get("--in", ())),
            types=self.pairs.get("--type", {}),
            materializers=self.pairs.get("--materializer", {}),
            tags=tuple(self.lists.get("--tag", ())),
            metadata=self.pairs.get("--meta", {}),
            version=self.texts.get("--version"),
            model=self.texts.get("--model"),
            visualizations="--no-visualizations" not in self.off,
            cache="--no-cache" not in self.off,
            expires_after=self.numbers.get("--expires-after"),
            resources=self._resources(),
            image=self.texts.get("--image"),
            retries=Retries(
                max=int(self.numbers.get("--retries", 0)),
                delay=self.numbers.get("--retry-delay", 0.0),
            ),
            timeout=self.numbers.get("--timeout"),
            env=self.pairs.get("--env", {}),
            secrets=self.pairs.get("--secret", {}),
            fan_out=self.fan_out,
            condition=self.texts.get("--if"),
            after=tuple(self.lists.get("--after", ())),
        )

    def _resources(self) -> Resources:
        memory, gpu, disk = (self.numbers.get(o) for o in ("--memory", "--gpu", "--disk"))
        return Resources(
            cpu=self.numbers.get("--cpu"),
            memory=None if memory is None else int(memory),
            gpu=None if gpu is None else int(gpu),
            disk=None if disk is None else int(disk),
        )

    def _take_variables(self, option: str, value: str) -> None:
        for item in value.split(","):
            variable, equals, name = item.strip().partition("=")
            if not variable.isidentifier() or (equals and not name):
                raise self.error(
                    f"{option} takes variables, as in {option} {_metavar(option)}; found {item!r}."
                )
            if not equals and option != "--out":
                raise self.error(f"{option} needs VAR=VALUE, found {item!r}.")
            if option == "--type":
                name = self._artifact_type(name)
            self.pairs.setdefault(option, {})[variable] = name if equals else ""

    def _artifact_type(self, name: str) -> str:
        if name.upper() not in ArtifactType.__members__:
            raise self.error(f"unknown type {name!r}; types are {', '.join(ArtifactType)}.")
        return name.upper()

    def _take_pair(self, option: str, value: str) -> None:
        key, equals, text = value.partition("=")
        if not key or not equals:
            raise self.error(f"{option} needs {_metavar(option)}, found {value!r}.")
        self.pairs.setdefault(option, {})[key] = text

    def _take_list(self, option: str, value: str) -> None:
        items = [item.strip() for item in value.split(",") if item.strip()]
        if option == "--in" and not all(item.isidentifier() for item in items):
            raise self.error(f"--in takes variables, as in --in df,model; found {value!r}.")
        self.lists.setdefault(option, []).extend(items)

    def _take_step(self, option: str, value: str) -> None:
        self.lists.setdefault(option, []).append(value)

    def _take_map(self, option: str, value: str) -> None:
        name, equals, over = (part.strip() for part in value.partition("="))
        fan_out = FanOut(over=over if equals else name, element=name)
        if not (fan_out.over.isidentifier() and fan_out.element.isidentifier()):
            raise self.error(
                f"{option} takes a variable and a name for its elements, as in {option} x=xs; "
                f"found {value!r}. Give an expression a name in a cell of its own first."
            )
        if self.fan_out is not None:
            raise self.error(f"{option} is given twice; map over pairs, as in `list(zip(xs, ys))`.")
        self.fan_out = fan_out

    def _take_condition(self, option: str, value: str) -> None:
        problem = problem_with_condition(value)
        if problem:
            raise self.error(f"{option}: {problem}")
        if option in self.texts:
            raise self.error(f"{option} is given twice; join the conditions by `and`.")
        self.texts[option] = value

    def _take_text(self, option: str, value: str) -> None:
        self.texts[option] = value

    def _take_version(self, option: str, value: str) -> None:
        try:
            checked_version(value)
        except ValueError as error:
            raise self.error(f"{option}: {error}") from error
        self.texts[option] = value

    def _take_quantity(self, option: str, value: str) -> None:
        try:
            self.numbers[option] = _QUANTITIES[option](value)
        except ValueError as error:
            raise self.error(f"{option}: {error}") from error


_SWITCHES = tuple(option.name for option in OPTIONS if not option.metavar)
_QUANTITIES: Mapping[str, Callable[[str], float]] = MappingProxyType(
    {
        "--cpu": parse_number,
        "--memory": parse_bytes,
        "--gpu": parse_count,
        "--disk": parse_bytes,
        "--retries": parse_count,
        "--retry-delay": parse_seconds,
        "--timeout": parse_seconds,
        "--expires-after": parse_seconds,
    }
)
