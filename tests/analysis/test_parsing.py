import ast

from jupyter_mlpipe.analysis.parsing import nodes_in, parse

CELL = """
@d(1, *a, k=2)
def f(x: "int", *, y={1: 2, **z}) -> list[int]:
    global g
    with open(x) as g, h: yield from (i async for i in x if not (i := y))
match x:
    case [1, *_] | {"a": b, **c}: print(f"{x!r:>{y}}", ...)
"""


def test_all_nodes_are_found_as_python_finds_them():
    tree = ast.parse(CELL)
    assert nodes_in(tree) == list(ast.walk(tree))


def test_what_tools_note_at_a_node_is_no_part_of_the_tree():
    tree = ast.parse("x = y")
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            child.parent = node
    try:
        assert nodes_in(tree) == list(ast.walk(tree))
    finally:
        del ast.parse("x").body[0].value.ctx.parent  # all trees share this one


def test_a_text_is_parsed_once():
    assert parse("x = 1") is parse("x = 1")
