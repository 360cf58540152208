"""IPython's syntax turned into Python, without IPython.

Only the start of a statement can hold it, so the text is cut into logical lines first; a `%`
inside an expression or a string is never touched. What comes out is for reading, not for running
in a kernel: the Python below `%%time` stays Python, so that its names can be seen.
"""

from __future__ import annotations

import functools
import re
import textwrap
from collections.abc import Iterator

from jupyter_mlpipe.analysis.magics import PYTHON_MAGICS, split_options
from jupyter_mlpipe.analysis.parsing import parses


@functools.lru_cache(maxsize=256)
def python_source(cell: str) -> str:
    """The cell as Python, with the same number of lines wherever that is possible.

    Magics, shell lines and help become calls on `get_ipython()`. Text that is Python already is
    returned as it is, and so is text that cannot be made into Python.
    """
    if parses(cell):
        return cell
    blank, text = _split_blank_lines(_without_indent(cell))
    if text.startswith("%%"):
        return blank + _cell_magic(text)
    return blank + "".join(_statements(text))


def _without_indent(cell: str) -> str:
    indent = re.match(r"[ \t]*", cell.lstrip("\n"))
    prefix = indent.group() if indent else ""
    lines = cell.splitlines(keepends=True)
    return "".join(line.removeprefix(prefix) for line in lines) if prefix else cell


def _split_blank_lines(text: str) -> tuple[str, str]:
    found = re.match(r"(?:[ \t]*\n)*", text)
    end = found.end() if found else 0
    return text[:end], text[end:]


def _cell_magic(text: str) -> str:
    head, _, body = text.partition("\n")
    name, _, line = head[2:].strip().partition(" ")
    options, code = split_options(name, line)
    if name == "capture":
        return _capture(line.strip(), body)
    if name == "timeit":
        return _timed_block("run_cell_magic", options, f"{code}\n{body}" if code else body)
    if name not in PYTHON_MAGICS or (code and name != "prun"):
        return _call("run_cell_magic", name, line.strip(), body)
    first = _call("run_cell_magic", name, options, "")
    return "\n".join([first, *([python_source(code)] if code else []), python_source(body)])


def _capture(line: str, body: str) -> str:
    """The name that `%%capture` binds is bound last, as it is in IPython."""
    call = _call("run_cell_magic", "capture", line, "")
    target = next((word for word in line.split() if not word.startswith("-")), "")
    bound = f"\n{target} = {call}" if target.isidentifier() else ""
    return f"{call}\n{python_source(body)}{bound}"


def _timed_block(method: str, options: str, code: str) -> str:
    """`timeit` runs its code in a scope of its own: what it assigns may not stay assigned."""
    test = _call(method, "timeit", options, *([""] if method == "run_cell_magic" else []))
    return f"if {test}:\n{textwrap.indent(python_source(code), '    ')}\n    pass\n"


def _statements(text: str) -> Iterator[str]:
    """Each logical line, translated where it starts with IPython's syntax."""
    position = 0
    while position < len(text):
        line_end = text.find("\n", position) + 1 or len(text)
        line = text[position:line_end]
        while line.endswith("\\\n") and _translate(line) is not None and line_end < len(text):
            line_end = text.find("\n", line_end) + 1 or len(text)
            line = text[position:line_end]
        translated = _translate(line)
        if translated is None:
            line_end = _logical_end(text, position)
        yield text[position:line_end] if translated is None else translated
        position = line_end


_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
      | (?P<string>(?s:\"\"\"(?:\\.|[^\\])*?\"\"\" | '''(?:\\.|[^\\])*?'''
                 | \"(?:\\.|[^\\\n\"])*\"? | '(?:\\.|[^\\\n'])*'?))
      | (?P<open>[(\[{]) | (?P<close>[)\]}]) | (?P<joined>\\\n) | (?P<newline>\n)""",
    re.VERBOSE,
)


def _logical_end(text: str, position: int) -> int:
    depth = 0
    for token in _TOKEN.finditer(text, position):
        if token.lastgroup == "open":
            depth += 1
        elif token.lastgroup == "close":
            depth = max(0, depth - 1)
        elif token.lastgroup == "newline" and depth == 0:
            return token.end()
    return len(text)


_ESCAPE = re.compile(r"([ \t]*)(!!|!|%|\?\??)(.*)", re.DOTALL)
_HELP = re.compile(r"([ \t]*)(%{0,2}[^\W\d][\w.*\[\]'\"]*)(\?\??)[ \t]*\n?")
_ASSIGNED = re.compile(r"([ \t]*)([^=\n]+?)=[ \t]*([%!])(?!=)(.*)", re.DOTALL)


def _translate(line: str) -> str | None:
    """A line in IPython's syntax as Python, newlines kept; None when it is none."""
    newlines = "\n" * line.count("\n")
    if found := _HELP.fullmatch(line):
        indent, name, marks = found.groups()
        return f"{indent}{_help(name, marks)}{newlines}"
    if found := _ESCAPE.fullmatch(line):
        indent, escape, rest = found.groups()
        rest = rest.replace("\\\n", " ").strip()
        return _escaped(indent, escape, rest, newlines)
    if (found := _ASSIGNED.fullmatch(line)) and parses(f"{found.group(2).strip()} = 0"):
        indent, target, escape, rest = found.groups()
        rest = rest.replace("\\\n", " ").strip()
        value = _magic(rest) if escape == "%" else _call("getoutput", rest)
        return f"{indent}{target}= {value}{newlines}"
    return None


def _escaped(indent: str, escape: str, rest: str, newlines: str) -> str:
    if escape == "%":
        name, _, line = rest.partition(" ")
        options, code = split_options(name, line)
        if code and name in PYTHON_MAGICS and parses(python_source(code)):
            return _line_with_code(indent, name, options, code) + newlines
        return f"{indent}{_magic(rest)}{newlines}"
    if escape in ("?", "??"):
        return f"{indent}{_help(rest, escape)}{newlines}"
    method = "system" if escape == "!" else "getoutput"
    return f"{indent}{_call(method, rest)}{newlines}"


def _line_with_code(indent: str, name: str, options: str, code: str) -> str:
    """`%time x = f()`: on one line when the code is a simple statement."""
    if name == "timeit":
        block = _timed_block("run_line_magic", options, code)
        return textwrap.indent(block, indent).rstrip("\n")
    call, python = _call("run_line_magic", name, options), python_source(code)
    joint = f"{call}; {python}"
    return f"{indent}{joint}" if parses(joint) else f"{indent}{call}\n{indent}{python}"


def _magic(text: str) -> str:
    name, _, line = text.partition(" ")
    return _call("run_line_magic", name, line.strip())


def _help(name: str, marks: str) -> str:
    return _call("run_line_magic", "pinfo" if marks == "?" else "pinfo2", name)


def _call(method: str, *arguments: str) -> str:
    return f"get_ipython().{method}({', '.join(repr(argument) for argument in arguments)})"
