"""Settings of Python and of libraries that code changes without binding a name."""

from __future__ import annotations

import contextlib
import copy
import decimal
import functools
import locale
import logging
import os
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from jupyter_mlpipe.engine.library_settings import read_library, write_library

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """One group of settings, as what differs from their defaults."""

    name: str
    library: str
    """Nothing is read before it is loaded, for then nothing can have been changed."""
    read: Callable[[], Values]
    write: Callable[[Values], None]
    """Makes the settings those given, and all others the defaults."""
    concerns: Callable[[frozenset[str]], bool]
    """Whether a step that reaches these packages can tell a difference."""


def all_settings() -> tuple[Settings, ...]:
    """Each kind that is carried from step to step."""
    return (
        Settings("matplotlib.rcParams", "matplotlib", _read_plots, _write_plots, _beside_numpy),
        Settings("matplotlib backend", "matplotlib", _read_backend, _write_backend, _nobody),
        Settings("pandas options", "pandas", _read_frames, _write_frames, _beside_numpy),
        Settings("numpy print options", "numpy", _read_printing, _write_printing, bool),
        Settings("numpy error handling", "numpy", _read_errors, _write_errors, bool),
        Settings("scikit-learn options", "sklearn", _read_learning, _write_learning, _beside_numpy),
        Settings("decimal context", "decimal", _read_decimal, _write_decimal, _everyone),
        Settings("locale", "locale", _read_locale, _write_locale, _everyone),
        Settings("recursion limit", "sys", _read_recursion, _write_recursion, _everyone),
        Settings("warning filters", "warnings", _read_warnings, _write_warnings, _everyone),
        Settings("standard library", "sys", read_library, write_library, _everyone),
        Settings("logging levels", "logging", _read_logging, _write_logging, _loggers),
    )


def _everyone(packages: frozenset[str]) -> bool:
    return True


def _nobody(packages: frozenset[str]) -> bool:
    """It has to be set again, but what steps leave does not depend on it."""
    return False


def _loggers(packages: frozenset[str]) -> bool:
    """Elsewhere they decide what is shown on the way, not what comes out."""
    return "logging" in packages


def _beside_numpy(packages: frozenset[str]) -> bool:
    """Which packages draw or print through matplotlib and pandas cannot be known."""
    return bool(packages - {"numpy", "logging"})


_SHOWN_BY = frozenset({"backend", "backend_fallback", "interactive"})
"""Differ between a notebook and a process without a screen, whatever the user says."""


@functools.cache
def _plot_defaults() -> Values:
    """Read from their files again, for matplotlib's own record shares lists with the present."""
    import matplotlib as mpl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dict(dict.items(mpl.rc_params()))


def _read_plots() -> Values:
    import matplotlib as mpl

    defaults = _plot_defaults()
    return {
        name: list(value) if isinstance(value, list) else value
        for name, value in dict.items(mpl.rcParams)
        if value != defaults.get(name) and name not in _SHOWN_BY
    }


def _write_plots(values: Values) -> None:
    import matplotlib as mpl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about settings that a later version takes away
        for name in _read_plots():
            mpl.rcParams[name] = copy.copy(_plot_defaults()[name])
        mpl.rcParams.update(values)


def _read_backend() -> Values:
    """What draws the figures, where the notebook chose it."""
    import matplotlib as mpl

    present = dict.get(mpl.rcParams, "backend")  # asking for it otherwise loads pyplot
    if not isinstance(present, str) or _backend(present) == _backend(_own_backend()):
        return {}
    return {"backend": _backend(present)}


def _write_backend(values: Values) -> None:
    from matplotlib import pyplot

    with contextlib.suppress(ImportError, ValueError):  # it needs a screen that is not here
        pyplot.switch_backend(values.get("backend", _own_backend()))


def _own_backend() -> str:
    """What the process has without a choice: the kernel says it in the environment."""
    return os.environ.get("MPLBACKEND") or "agg"


def _backend(name: str) -> str:
    short = name.lower()
    return "inline" if short == "module://matplotlib_inline.backend_inline" else short


def _read_frames() -> Values:
    """As `pandas.get_option` finds them, at a hundredth of its price."""
    config = sys.modules.get("pandas._config.config")
    values = getattr(config, "_global_config", None)
    known = getattr(config, "_registered_options", {})
    if not isinstance(values, dict):
        return {}
    found = {}
    for name, option in known.items():
        value: Any = values
        for part in _parts(name):
            value = value[part]
        if value != option.defval:
            found[name] = value
    return found


@functools.lru_cache(maxsize=1024)
def _parts(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _write_frames(values: Values) -> None:
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in _read_frames():
            pd.reset_option(name)
        for name, value in values.items():
            pd.set_option(name, value)


_PRINTING = MappingProxyType(
    {
        "edgeitems": 3,
        "threshold": 1000,
        "floatmode": "maxprec",
        "precision": 8,
        "suppress": False,
        "linewidth": 75,
        "nanstr": "nan",
        "infstr": "inf",
        "sign": "-",
        "formatter": None,
        "legacy": False,
        "override_repr": None,
    }
)
_ERRORS = MappingProxyType({"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"})


def _read_printing() -> Values:
    import numpy as np

    return _differing(np.get_printoptions(), _PRINTING)


def _write_printing(values: Values) -> None:
    import numpy as np

    known = np.get_printoptions().keys()
    np.set_printoptions(**{n: v for n, v in {**_PRINTING, **values}.items() if n in known})


def _read_errors() -> Values:
    import numpy as np

    return _differing(np.geterr(), _ERRORS)


def _write_errors(values: Values) -> None:
    import numpy as np

    np.seterr(**{**_ERRORS, **values})


def _read_learning() -> Values:
    import sklearn
    from sklearn import _config

    return _differing(sklearn.get_config(), _config._global_config)  # noqa: SLF001  # the defaults


def _write_learning(values: Values) -> None:
    import sklearn
    from sklearn import _config

    known = sklearn.get_config().keys()
    wanted = {**_config._global_config, **values}  # noqa: SLF001
    sklearn.set_config(**{name: wanted[name] for name in known})


_DECIMAL = MappingProxyType(
    {
        "prec": 28,
        "rounding": decimal.ROUND_HALF_EVEN,
        "Emin": -999999,
        "Emax": 999999,
        "capitals": 1,
        "clamp": 0,
        "traps": ("DivisionByZero", "InvalidOperation", "Overflow"),
    }
)


def _read_decimal() -> Values:
    context = decimal.getcontext()
    traps = tuple(sorted(signal.__name__ for signal, on in context.traps.items() if on))
    present = {name: getattr(context, name) for name in _DECIMAL if name != "traps"}
    return _differing({**present, "traps": traps}, _DECIMAL)


def _write_decimal(values: Values) -> None:
    context, wanted = decimal.getcontext(), {**_DECIMAL, **values}
    for name in _DECIMAL:
        if name != "traps":
            setattr(context, name, wanted[name])
    for signal in context.traps:
        context.traps[signal] = signal.__name__ in wanted["traps"]


def _read_locale() -> Values:
    """All but the encoding of text, which Python takes from the machine when it starts."""
    present = locale.setlocale(locale.LC_ALL)
    parts = [part.rpartition("=") for part in present.split(";")]
    same = all(value == "C" or name == "LC_CTYPE" for name, _, value in parts)
    return {} if same else {"LC_ALL": present}


def _write_locale(values: Values) -> None:
    encoding = locale.setlocale(locale.LC_CTYPE)
    locale.setlocale(locale.LC_ALL, values.get("LC_ALL", "C"))
    if not values:
        locale.setlocale(locale.LC_CTYPE, encoding)


_RECURSION = 1000
_DIGITS = sys.int_info.default_max_str_digits


def _read_recursion() -> Values:
    """And how long the text of an integer may be."""
    present = {"limit": sys.getrecursionlimit(), "digits": sys.get_int_max_str_digits()}
    return _differing(present, {"limit": _RECURSION, "digits": _DIGITS})


def _write_recursion(values: Values) -> None:
    sys.setrecursionlimit(values.get("limit", _RECURSION))
    sys.set_int_max_str_digits(values.get("digits", _DIGITS))


def _read_warnings() -> Values:
    """Filters that may hold for any warning, or raise one; libraries add others when loaded."""
    found = _wide_filters()
    return {"filters": found} if found else {}


def _wide_filters() -> list[tuple[Any, ...]]:
    """With those in front of them that let all warnings of a kind pass."""
    filters = list(warnings.filters)
    last = max((i for i, entry in enumerate(filters) if _is_wide(entry)), default=-1)
    return [e for e in filters[: last + 1] if _is_wide(e) or _is_plain(e)]


def _is_plain(entry: tuple[Any, ...]) -> bool:
    _, message, category, module, _ = entry
    return message is None and module is None and category.__module__ == "builtins"


def _is_wide(entry: tuple[Any, ...]) -> bool:
    action, message, category, module, _ = entry
    if category.__module__.startswith("IPython."):
        return False  # set when the shell is loaded, which is at another time on each worker
    return action == "error" or (message is None and module is None and category is Warning)


def _write_warnings(values: Values) -> None:
    """Those of this kind that are there go; what libraries have set stays behind the new ones."""
    wide = _wide_filters()
    narrow = [entry for entry in warnings.filters if entry not in wide]
    warnings.resetwarnings()
    warnings.filters.extend(narrow)  # type: ignore[attr-defined]
    for action, message, category, module, line in reversed(values.get("filters", ())):
        said = message.pattern if message is not None else ""
        where = module.pattern if module is not None else ""
        warnings.filterwarnings(action, said, category, where, line)


_LEVEL_NAMES = "names of levels"
_USUAL_LEVELS = MappingProxyType(
    {level: logging.getLevelName(level) for level in (0, 10, 20, 30, 40, 50)}
)


def _level_names() -> Mapping[int, str]:
    """Those that code gave, as `logging` finds them."""
    present = logging._levelToName  # noqa: SLF001  # there is no other way to list them
    return {level: n for level, n in present.items() if n != _USUAL_LEVELS.get(level)}


def _write_level_names(names: Mapping[int, str]) -> None:
    for level, name in _level_names().items():
        logging._levelToName.pop(level)  # noqa: SLF001
        logging._nameToLevel.pop(name, None)  # noqa: SLF001
    for level, name in {**_USUAL_LEVELS, **names}.items():
        logging.addLevelName(level, name)


def _read_logging() -> Values:
    loggers = logging.root.manager.loggerDict.items()
    levels = {
        name: logger.level
        for name, logger in list(loggers)
        if isinstance(logger, logging.Logger) and logger.level
    }
    disabled = logging.root.manager.disable
    return {
        **levels,
        **({_LEVEL_NAMES: names} if (names := _level_names()) else {}),
        **({"": logging.root.level} if logging.root.level != logging.WARNING else {}),
        **({"disable": disabled} if disabled else {}),
    }


def _write_logging(values: Values) -> None:
    logging.disable(values.get("disable", logging.NOTSET))
    logging.root.setLevel(values.get("", logging.WARNING))
    _write_level_names(values.get(_LEVEL_NAMES, {}))
    for name in (_read_logging().keys() | values.keys()) - {"", "disable", _LEVEL_NAMES}:
        logging.getLogger(name).setLevel(values.get(name, logging.NOTSET))


def _differing(present: Values, defaults: Values) -> Values:
    return {name: value for name, value in present.items() if value != defaults.get(name)}
