"""What cells are made of: statements over variables whose names tell their types.

`$int` is a variable of that type that is there, `@int` one that the statement binds, `%k` a small
number, `%i` a position in an array. Whatever is drawn, types fit, so a program can only fail by
a name that is missing or by an error that it raises on purpose.
"""

from __future__ import annotations

NAMES = {
    "int": ("n", "m", "k"),
    "str": ("s", "t"),
    "list": ("xs", "ys", "zs"),
    "rows": ("rows", "grid"),
    "dict": ("d", "e"),
    "array": ("a", "b", "v"),
    "frame": ("df", "dg"),
    "object": ("p", "q"),
    "function": ("f", "g"),
}
TYPES = {name: kind for kind, names in NAMES.items() for name in names}

PREAMBLE = """\
import copy
import functools
import random
import numpy as np
import pandas as pd

class Box:
    step = 2

    def __init__(self, n, part):
        self.n = n
        self.part = part

    def __repr__(self):
        return f'Box({self.n}, {self.part})'

    def total(self):
        return self.n * self.step + len(self.part)

    def grow(self, item):
        self.part.append(item)
        return self

def make(base):
    def inner(x):
        return x + base
    return inner

def keep(items, item):
    items.append(item)
    return items
"""

BEGINNINGS = {
    "int": "@int = %k",
    "str": "@str = 'k%k'",
    "list": "@list = [%k, %k]",
    "rows": "@rows = [[%k], [%k, 2]]",
    "dict": "@dict = {'k': %k}",
    "array": "@array = np.arange(4.) + %k",
    "frame": "@frame = pd.DataFrame({'k': [%k, 2, 3, 4], 'u': list('abca')})",
    "object": "@object = Box(%k, [%k])",
    "function": "def @function(x):\n    return x + %k",
}
"""How a variable of each type may come to be, out of nothing."""

STATEMENTS = (
    "@int = $int + %k",
    "$int += %k",
    "@int, @int = $int, %k",
    "@int = len($list)",
    "@int = sum($list) - %k",
    "@int = $dict.get('k', %k)",
    "@int = int($array.sum())",
    "@int = int($frame['k'].sum())",
    "@int = $object.total()",
    "@int = $function($int)",
    "@int = len($rows[0]) if $rows else %k",
    "@int = (lambda x: x * %k)($int)",
    "@int = sum(i * %k for i in $list)",
    "made = (i + %k for i in $list)\n@int = sum(made)\ndel made",
    "@int = next(iter($list), %k)",
    "for i in range(3):\n    @int = i + $int",
    "if $int > %k:\n    @int = %k",
    "if $int > %k:\n    @int = %k\nelse:\n    @int = $int - 1",
    "try:\n    @int = $list[%k]\nexcept IndexError:\n    @int = -%k",
    "while True:\n    @int = $int % 20\n    break",
    "random.seed(%k)\n@int = random.randint(0, 99)",
    "@int = int(np.random.default_rng(%k).integers(99))",
    "if $int % 2:\n    raise ValueError('odd')",
    "@int = 12 // ($int % 3)",
    "(@int := %k)",
    "print($int, $list)",
    "print($dict, $str)",
    "print($array.tolist())",
    "@str = ($str + 'x%k')[-6:]",
    "@str = f'{$int}-{$str}'[-8:]",
    "@str = ','.join(map(str, $list))[:9]",
    "@list = $list",
    "$list.append(%k)",
    "$list += [%k]",
    "@list = $list + [%k]",
    "@list = [i + %k for i in $list][-5:]",
    "@list = sorted($list)",
    "$list.sort()",
    "del $list[2:]",
    "$list[:] = $list[-4:]",
    "@list = $rows[0]",
    "@list = $object.part",
    "@list = $dict.setdefault('v', [%k])",
    "@list = list(map($function, $list))",
    "@list = $frame['k'].tolist()",
    "@list = keep($list, %k)",
    "@list, @list = $list, $list",
    "@rows = [$list, $list]",
    "@rows = [r[:] for r in $rows]",
    "@rows = copy.deepcopy($rows)",
    "@rows = list($rows)",
    "@rows = $rows",
    "$rows[0].append(%k)",
    "$rows[-1] = $list",
    "for row in $rows:\n    row.append(%k)",
    "@dict = $dict",
    "@dict = dict($dict)",
    "@dict = {**$dict, 'z': %k}",
    "@dict = {str(i): i for i in range(%k)}",
    "$dict['k'] = %k",
    "$dict['v'] = $list",
    "$dict.update(k=$int)",
    "$dict.pop('k', None)",
    "$dict |= {'w': %k}",
    "@array = $array",
    "@array = $array[::-1]",
    "@array = $array.reshape(2, 2).ravel()",
    "@array = $array.copy()",
    "@array = $array * 2 % 97",
    "$array[%i] = %k",
    "$array += %k",
    "$array[:2] = $array[2:]",
    "np.add($array, %k, out=$array)",
    "@array = np.array($list + [0] * 4, dtype=float)[:4]",
    "@array = $frame['k'].to_numpy(dtype=float, copy=True)",
    "@frame = $frame",
    "@frame = $frame.copy()",
    "@frame = $frame.assign(k=$array)",
    "$frame['k'] = $array",
    "$frame['k'] += %k",
    "$frame.loc[%i, 'k'] = %k",
    "$frame.sort_values('k', inplace=True)",
    "@frame = $frame[$frame['u'] > 'a'].reindex(range(4), fill_value=0)",
    "@object = $object",
    "@object = copy.copy($object)",
    "@object = copy.deepcopy($object)",
    "@object = Box($int, $list)",
    "$object.n += %k",
    "$object.part = $list",
    "$object.grow(%k)",
    "$object.part[:] = $object.part[-3:]",
    "def @function(x, base=%k):\n    return base - x",
    "def @function(x):\n    return x + $int",
    "def @function(x):\n    return x + len($list)",
    "def @function(x, seen=$list):\n    return x + len(seen)",
    "def @function(x):\n    $list.append(x)\n    return len($list)",
    "@function = make($int)",
    "@function = lambda x: x * %k",
    "@function = functools.partial(max, %k)",
    "@function = $object.n.__add__",
    "del $int",
    "del $list",
    "del $array",
    "del $object",
    "pass",
)

POKES = {
    "list": "{0}.append(-1)",
    "rows": "{0}.append([-1])\n{0}[0].append(-2)",
    "dict": "{0}['poked'] = 1",
    "array": "{0}[1] = -1.5",
    "frame": "{0}.loc[1, 'k'] = -1",
    "object": "{0}.n -= 100\n{0}.part.append(-3)",
    "function": "print({0}(3))",
}
"""Changes in place, which show in other variables, and in what functions give, where memory is
shared; functions are called when all is changed."""
