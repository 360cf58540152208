"""What sort of statement stands at the top level of an untagged cell."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from enum import StrEnum

from jupyter_mlpipe.analysis.derived import Names, is_derived
from jupyter_mlpipe.analysis.magics import is_magic
from jupyter_mlpipe.model.step import StepSignature


class StatementKind(StrEnum):
    """What a statement does; `RUN_ANEW` are those that can be run wherever a step needs them."""

    IMPORT = "import"
    """What is made of imports and literals alone and never changes counts as imported, too:
    `WORD = re.compile("[a-z]+")`."""
    FUNCTION = "function"
    CLASS = "class"
    CONSTANT = "constant"
    """Literals bound to names."""
    DERIVED = "derived"
    """Made of those and of code: `OPS = {"add": add}`, `WIDTH = 2 * HEIGHT`."""
    PARAMETER = "parameter"
    SETTING = "setting"
    """Changes something imported and binds nothing: `pd.set_option("display.width", 80)`, or
    `copyreg.pickle(Point, reduce_point)`, where both are code of the notebook. Or gives code of
    the notebook an attribute that is code or a literal: `Robot.turn = turn`. Or registers code with
    a class of the notebook: `Shape.register(Pixels)`."""
    DELETION = "deletion"
    """Names that are bound no longer."""
    MAGIC = "magic"
    DATA = "data"
    """Anything else; without names when it only shows or prints something."""


RUN_ANEW = frozenset(StatementKind) - {
    StatementKind.DELETION,
    StatementKind.MAGIC,
    StatementKind.DATA,
}
_ADAPTERS = frozenset({"partial", "cache", "lru_cache", "vectorize", "singledispatch", "wraps"})
_TYPE_MAKERS = frozenset({"namedtuple", "NamedTuple", "NewType", "TypedDict", "TypeVar"})
_FIXED_MAKERS = frozenset(
    {
        *("re.compile", "date", "time", "datetime", "timedelta", "timezone", "ZoneInfo"),
        *("Decimal", "Fraction", "UUID", "Path", "PurePath", "Template", "getLogger"),
        *("itemgetter", "attrgetter", "methodcaller", "Struct", "dtype", "CategoricalDtype"),
        *("Timestamp", "Timedelta", "datetime64", "timedelta64"),
    }
)
"""Makers, of the standard library, NumPy and pandas, whose objects never change, or are known by
their name."""
_NOW = ("now", "today")
"""What asks some of them to read the clock."""
_CODE = frozenset({StatementKind.FUNCTION, StatementKind.CLASS})
_DATA = StatementKind.DATA
_CONSTANTS = frozenset({StatementKind.CONSTANT, StatementKind.PARAMETER, StatementKind.DERIVED})
_FIXED = _CONSTANTS | {StatementKind.IMPORT}
_BUILTINS = frozenset(dir(builtins))
_KEEPS = re.compile(r"register|subscribe|install|add_|set_|pickle$")
"""How functions are called that remember what they are given."""


def kind_of(
    node: ast.stmt, signature: StepSignature, known: Mapping[str, StatementKind]
) -> StatementKind:
    """The kind of one statement.

    Args:
        node: The statement.
        signature: What `analyze` says of it.
        known: What other names of the notebook are bound to.
    """
    match node:
        case ast.Import() | ast.ImportFrom():
            return StatementKind.IMPORT
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return StatementKind.FUNCTION
        case ast.ClassDef():
            return StatementKind.CLASS
        case ast.Assign(value=value) if all(isinstance(t, ast.Name) for t in node.targets):
            return _kind_of_value(value, signature, known)
        case ast.AnnAssign(target=ast.Name(), value=ast.expr() as value):
            return _kind_of_value(value, signature, known)
        case ast.Delete(targets=targets) if all(isinstance(t, ast.Name) for t in targets):
            return StatementKind.DELETION
        case ast.If() | ast.Try() | ast.With():
            return _kind_of_block(node, known)
    if is_magic(node):
        return StatementKind.MAGIC
    if type(node).__name__ == "TypeAlias":  # Python 3.12 and later
        return StatementKind.CLASS
    return StatementKind.SETTING if _is_setting(node, signature, known) else StatementKind.DATA


def is_literal(node: ast.expr) -> bool:
    """Numbers, text, bytes, and tuples, lists, sets and dicts of them; arithmetic on numbers."""
    match node:
        case ast.Constant():
            return True
        case ast.UnaryOp(operand=operand):
            return is_literal(operand)
        case ast.BinOp(left=left, right=right):
            return _is_number(left) and _is_number(right)
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
            return all(map(is_literal, items))
        case ast.Dict(keys=keys, values=values):
            return all(k is not None and is_literal(k) for k in keys) and all(
                map(is_literal, values)
            )
    return False


def literal_value(statement: str) -> object:
    """What a statement of kind CONSTANT binds to its names."""
    return _evaluate(statement, {"__builtins__": {}})  # nothing but a literal can stand there


def derived_value(statement: str, namespace: Mapping[str, object]) -> object:
    """What a statement of kind DERIVED would bind to its names now; None if it would fail."""
    try:
        return _evaluate(statement, dict(namespace))
    except Exception:  # noqa: BLE001  # a name may be bound to anything by now
        return None


def _evaluate(statement: str, namespace: dict[str, object]) -> object:
    (node,) = ast.parse(statement).body
    assert isinstance(node, ast.Assign | ast.AnnAssign)
    assert node.value is not None
    return eval(compile(ast.Expression(node.value), "<constant>", "eval"), namespace)


def _is_number(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=int() | float() | complex()):
            return True
        case ast.UnaryOp(operand=operand):
            return _is_number(operand)
        case ast.BinOp(left=left, right=right):
            return _is_number(left) and _is_number(right)
    return False


def _kind_of_value(
    value: ast.expr, signature: StepSignature, known: Mapping[str, StatementKind]
) -> StatementKind:
    if is_literal(value):
        return StatementKind.CONSTANT
    if isinstance(value, ast.Lambda):
        return StatementKind.FUNCTION
    if known.get(_root(value)) is StatementKind.IMPORT:
        return StatementKind.IMPORT  # another name for something imported
    kind = StatementKind.DATA
    if isinstance(value, ast.Call):
        kind = _kind_of_call(value, signature, known)
    derived = kind is StatementKind.DATA and is_derived(value, names_known(known))
    return StatementKind.DERIVED if derived else kind


def names_known(
    known: Mapping[str, StatementKind], sets: Container[str] = (), mutable: Container[str] = ()
) -> Names:
    """What an expression may mention, by what names are bound to; see `derived.Names`."""

    def of(*kinds: StatementKind) -> frozenset[str]:
        return frozenset(name for name, kind in known.items() if kind in kinds)

    def is_fixed(call: ast.Call) -> bool:
        return known.get(_root(call.func)) is StatementKind.IMPORT and _makes_fixed(call)

    return Names(of(*_CODE), of(StatementKind.IMPORT), of(*_CONSTANTS), sets, mutable, is_fixed)


def _kind_of_call(
    call: ast.Call, signature: StepSignature, known: Mapping[str, StatementKind]
) -> StatementKind:
    """`f = decorator(f)` and `g = partial(f, 1)` are functions still."""
    maker = call.func.attr if isinstance(call.func, ast.Attribute) else _root(call.func)
    given = [*call.args, *(k.value for k in call.keywords)]
    literals = [a for a in given if is_literal(a)]
    code = [a for a in given if known.get(_root(a)) in _CODE and isinstance(a, ast.Name)]
    if maker in _TYPE_MAKERS and len(literals) + len(code) == len(given):
        return StatementKind.CLASS
    if known.get(_root(call.func)) is StatementKind.IMPORT and _is_fixed(call, given, known):
        return StatementKind.IMPORT
    rebinds = any(isinstance(a, ast.Name) and a.id in signature.writes for a in code)
    adapts = code and len(literals) + len(code) == len(given) and not call.keywords
    return StatementKind.FUNCTION if adapts and (rebinds or maker in _ADAPTERS) else _DATA


def _is_fixed(
    call: ast.Call, given: Sequence[ast.expr], known: Mapping[str, StatementKind]
) -> bool:
    return _makes_fixed(call) and all(
        is_literal(a) or known.get(_root(a)) is StatementKind.IMPORT for a in given
    )


def _makes_fixed(call: ast.Call) -> bool:
    path = ast.unparse(call.func)
    known = not _FIXED_MAKERS.isdisjoint({path, path.rpartition(".")[2]})
    return known and not any(isinstance(a, ast.Constant) and a.value in _NOW for a in call.args)


def _kind_of_block(
    node: ast.If | ast.Try | ast.With, known: Mapping[str, StatementKind]
) -> StatementKind:
    """A block that holds only definitions, such as `try: import torch`, is one itself."""
    kinds = set(_kinds_within(node, known))
    for kind in (StatementKind.IMPORT, StatementKind.FUNCTION, StatementKind.CLASS):
        if kind in kinds and StatementKind.DATA not in kinds:
            return kind
    return StatementKind.DATA


def _kinds_within(node: ast.AST, known: Mapping[str, StatementKind]) -> Iterator[StatementKind]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Pass() | ast.Raise():
                continue
            case ast.Import() | ast.ImportFrom():
                yield StatementKind.IMPORT
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield StatementKind.FUNCTION
            case ast.ClassDef():
                yield StatementKind.CLASS
            case ast.Assign(value=value) if is_literal(value):
                yield StatementKind.CONSTANT
            case ast.If() | ast.Try() | ast.With() | ast.ExceptHandler() | ast.withitem():
                yield from _kinds_within(child, known)
            case ast.expr():
                names = {n.id for n in ast.walk(child) if isinstance(n, ast.Name)}
                fixed = all(n in _BUILTINS or known.get(n) in _FIXED for n in names)
                yield StatementKind.CONSTANT if fixed else StatementKind.DATA
            case _:
                yield StatementKind.DATA


def _is_setting(
    node: ast.stmt, signature: StepSignature, known: Mapping[str, StatementKind]
) -> bool:
    if _gives_attribute(node, known):
        return True
    match node:
        case ast.Expr(value=ast.Call(func=function)):
            roots = [_owner(function)]
        case ast.Assign(targets=targets):
            roots = [_owner(target) for target in targets]
        case ast.AugAssign(target=target):
            roots = [_owner(target)]
        case _:
            return False
    changes_imports = all(known.get(root) is StatementKind.IMPORT for root in roots)
    handed = _handed_over(node, known)
    fixed = all(n in _BUILTINS or n in handed or known.get(n) in _FIXED for n in signature.reads)
    return changes_imports and fixed and not signature.writes and not signature.dynamic


def _gives_attribute(node: ast.stmt, known: Mapping[str, StatementKind]) -> bool:
    match node:
        case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=name))], value=value):
            return known.get(name) in _CODE and _is_code_or_literal(value, known)
        case ast.Expr(value=ast.Call(func=ast.Attribute(ast.Name(id=name), "register")) as call):
            given = [argument for argument in call.args if not is_literal(argument)]
            registers = known.get(name) is StatementKind.CLASS and given and not call.keywords
            return bool(registers) and all(_is_definition(one, known) for one in given)
    return False


def _is_definition(value: ast.expr, known: Mapping[str, StatementKind]) -> bool:
    """A class or function: of the notebook, imported, or Python's own."""
    kind = known.get(_root(value))
    own = isinstance(value, ast.Name) and kind in _CODE
    return own or kind is StatementKind.IMPORT or (kind is None and _root(value) in _BUILTINS)


def _is_code_or_literal(value: ast.expr, known: Mapping[str, StatementKind]) -> bool:
    match value:
        case ast.Name(id=name):
            return known.get(name) in _CODE
        case ast.Call(func=ast.Name(id="property" | "classmethod" | "staticmethod"), args=given):
            return all(_is_code_or_literal(argument, known) for argument in given)
    return is_literal(value) or isinstance(value, ast.Lambda)


def _handed_over(node: ast.stmt, known: Mapping[str, StatementKind]) -> frozenset[str]:
    """Functions and classes of the notebook that a library is to keep, and not to call at once."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name), args=arguments)):
            if _KEEPS.match(name):
                names = (a.id for a in arguments if isinstance(a, ast.Name))
                return frozenset(n for n in names if known.get(n) in _CODE)
    return frozenset()


def _root(node: ast.expr) -> str:
    """`np` of `np.random.seed`; empty when anything but attributes leads there."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _owner(node: ast.expr) -> str:
    """The same where items and calls may lead there: `getcontext` of `getcontext().prec`."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
