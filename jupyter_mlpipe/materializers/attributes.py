"""Dicts of attributes that others hold beside the object whose attributes they are.

Pickled as the state of that object, such a dict would come back as two: `vars(settings)` that is
kept in a variable, or one dict that several objects share.
"""

from __future__ import annotations

import copyreg
import gc
import pickle
import sys
import types
from collections.abc import Iterable, Mapping, Set
from typing import Any

from jupyter_mlpipe.materializers import rebuild
from jupyter_mlpipe.materializers.identity import identity

_OWN_WAYS = ("__reduce__", "__reduce_ex__", "__getstate__")
_NEW_ARGUMENTS = ("__getnewargs__", "__getnewargs_ex__")
EMPTY = object()
"""Stands for the value of a slot that holds none."""
_MANAGED_DICT = 1 << 4  # Py_TPFLAGS_MANAGED_DICT, of most classes that Python code defines
_INLINE_VALUES = 1 << 2  # Py_TPFLAGS_INLINE_VALUES, of most of these
_HIDES_DICTS = sys.version_info >= (3, 13)
"""Whether the garbage collector is told of the attributes past the dict that holds them."""


def attributes_of(obj: Any) -> dict[str, Any] | None:
    """The dict itself, without asking code of the class; None where there is none.

    Nor where there is none yet: exceptions and streams get an empty one when they are asked for
    it, and would count as changed.
    """
    if not type(obj).__flags__ & _MANAGED_DICT and not _refers_to_a_dict(obj):
        return None
    try:
        found = object.__getattribute__(obj, "__dict__")
    except AttributeError:
        return None
    return found if type(found) is dict else None


def _refers_to_a_dict(obj: Any) -> bool:
    return any(type(part) is dict for part in gc.get_referents(obj))


def has_attributes_dict(kind: type) -> bool:
    """Whether objects of this class have one."""
    return bool(getattr(kind, "__dictoffset__", 0))


def perhaps_lent(obj: Any, led_to: Iterable[Any], *, ask: bool) -> dict[str, Any] | None:
    """The dict of attributes of an object, if anybody else refers to it.

    Args:
        obj: The object.
        led_to: What it leads to.
        ask: Whether it may be given a dict where Python does not tell if it has one yet.
    """
    for part in led_to:
        if type(part) is dict and sys.getrefcount(part) > _ALONE and attributes_of(obj) is part:
            return part
    if not ask or not _HIDES_DICTS or not type(obj).__flags__ & _INLINE_VALUES:
        return None
    held = attributes_of(obj)
    return held if sys.getrefcount(held) > _ASKED_ALONE else None


def _references_alone() -> int:
    """How often the only owner's dict counts as referred to where `perhaps_lent` asks."""
    owner = types.SimpleNamespace(a=1)
    for part in gc.get_referents(owner):
        if type(part) is dict:
            return sys.getrefcount(part)
    return sys.maxsize


_ALONE = _references_alone()
_ASKED_ALONE = 3  # the owner, the name and the call that counts


def lent(owners: Mapping[int, list[Any]], met: Set[int]) -> frozenset[int]:
    """Identities of the dicts that something in a value holds, too.

    Args:
        owners: Objects of the value by the identities of their dicts.
        met: Identities of all that the value leads to.
    """
    return frozenset(dict_ for dict_, objs in owners.items() if _is_lent(objs, met))


def _is_lent(owners: list[Any], met: Set[int]) -> bool:
    held = attributes_of(owners[0])
    if len(owners) > 1 or held is None:
        return held is not None
    others = (one for one in gc.get_referrers(held) if one is not owners[0])
    return any(identity(one) in met or _is_of_class(one) for one in others)


def _is_of_class(holder: Any) -> bool:
    return type(holder) is dict and "__module__" in holder and "__doc__" in holder


def with_lent_attributes(obj: Any) -> Any:
    """How to make an object again that has the very dict which others hold.

    Raises:
        pickle.PicklingError: Its class has a say in that, or does not allow it.
    """
    kind = type(obj)
    own = _says_itself(kind)
    maker, arguments, _, *items = (None, None, None) if own else obj.__reduce_ex__(5)
    if maker is not copyreg.__newobj__ or not _can_be_given(kind):  # type: ignore[attr-defined]
        raise pickle.PicklingError(
            f"cannot pickle '{kind.__name__}' object: another value holds the dict of its "
            "attributes"
        )
    state = object.__getstate__(obj)
    slots = state[1] if isinstance(state, tuple) else None
    return maker, arguments, (attributes_of(obj), slots), *items, rebuild.set_attributes_dict


def with_slots(obj: Any) -> Any | None:
    """How to fill the slots of an object again past its class, which guards its attributes.

    Or answers for those it does not have yet. None where it does neither, or says itself how its
    objects are taken apart.
    """
    kind = type(obj)
    if hasattr(kind, "__setstate__") or _says_itself(kind):
        return None
    if (made := unasked(obj)) is not None:
        return (*made, None, None, rebuild.set_attributes)
    if not isinstance(kind.__setattr__, types.FunctionType):
        return None
    state = object.__getstate__(obj)
    if not isinstance(state, tuple):
        return None
    maker, arguments, _, *items = obj.__reduce_ex__(5)
    return maker, arguments, state, *items, rebuild.set_attributes


def unasked(obj: Any) -> tuple[Any, ...] | None:
    """How an object with slots is taken apart whose class answers for what it does not have.

    Python would ask it for each slot that is empty, and to answer may change the object: the
    datasets of xarray look into their `attrs` then, which makes these. None for any other.
    """
    kind = type(obj)
    answers = isinstance(getattr(kind, "__getattr__", None), types.FunctionType)
    if not answers or _says_itself(kind) or issubclass(kind, list | dict):
        return None
    if any(hasattr(kind, name) for name in _NEW_ARGUMENTS):
        return None
    slots = slots_of(obj)
    # Where a class has a slot of the name that its base has one of, its own is the last to be put.
    held = {place.__name__: v for place, v in reversed(slots.items()) if v is not EMPTY}
    if not slots:
        return None
    return copyreg.__newobj__, (kind,), (attributes_of(obj), held)  # type: ignore[attr-defined]


def slots_of(obj: Any) -> dict[types.MemberDescriptorType, Any]:
    """What an object holds in the slots of its classes, or `EMPTY`, without asking any class."""
    spelled = (vars(kind) for kind in type(obj).__mro__ if "__slots__" in vars(kind))
    places = (one for own in spelled for one in own.values())
    return {
        place: value_in(place, obj) for place in places if type(place) is types.MemberDescriptorType
    }


def value_in(place: types.MemberDescriptorType, owner: Any) -> Any:
    """What a slot holds, or `EMPTY`."""
    try:
        return place.__get__(owner)
    except AttributeError:
        return EMPTY


def _says_itself(kind: type) -> bool:
    return any(getattr(kind, name) is not getattr(object, name) for name in _OWN_WAYS)


def _can_be_given(kind: type) -> bool:
    found = next((vars(one)["__dict__"] for one in kind.__mro__ if "__dict__" in vars(one)), None)
    return isinstance(found, types.GetSetDescriptorType)
