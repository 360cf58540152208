"""Steps that change variables which they do not name, and hits on them."""

import pytest

GROW = "%%step grow\na.append(2)"


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("a = [1]; b = a", "a = [1]; b = [7]", "[1, 2] [7]"),
        ("a = [1]; b = a", "a = [1]; b = [1]", "[1, 2] [1]"),
        ("a = [1]; b = [1]", "a = [1]; b = a", "[1, 2] [1, 2]"),
        ("a = [1]; b = {'a': a, 'k': 5}", "a = [1]; b = {'a': a, 'k': 6}", "{'a': [1, 2], 'k': 6}"),
    ],
)
def test_a_hit_never_brings_back_aliases_that_are_none_now(live_kernel, before, after, shown):
    for cell in (before, GROW, after):
        live_kernel.run(cell)
    live_kernel.run(GROW)
    assert live_kernel.run("print(a, b)").text.endswith(f"{shown}\n")


def test_a_step_that_changes_an_alias_still_hits(live_kernel):
    for _ in range(2):
        live_kernel.run("%%step make\na = [1]\nb = {'a': a}")
        done = live_kernel.run(GROW)
    assert "cached" in done.line
    assert live_kernel.run("print(a, b)").text.endswith("[1, 2] {'a': [1, 2]}\n")
    assert live_kernel.run("a.append(3)\nprint(b)").text.endswith("{'a': [1, 2, 3]}\n")


def test_a_step_that_makes_an_alias_still_hits(live_kernel):
    cells = ["%%step make\nrows = []\nrow = [1]", "%%step keep\nrows.append(row)"]
    for cell in (*cells, *cells[:1]):
        live_kernel.run(cell)
    assert "cached" in live_kernel.run(cells[1]).line
    assert live_kernel.run("row.append(2)\nprint(rows)").text.endswith("[[1, 2]]\n")


@pytest.mark.parametrize(
    ("link", "shown"), [("d['v'] = xs", "{'v': [1, 2]}"), ("d['v'] = list(d['v'])", "{'v': [1]}")]
)
def test_a_hit_brings_back_who_shares_memory_where_all_values_are_as_before(
    live_kernel, link, shown
):
    made = "xs = [1]\nd = {'v': [1]}" if "xs" in link else "xs = [1]\nd = {'v': xs}"
    for _ in range(2):
        live_kernel.run(f"%%step make\n{made}")
        done = live_kernel.run(f"%%step link\n{link}")
    assert "cached" in done.line
    assert live_kernel.run("xs.append(2)\nprint(d)").text.endswith(f"{shown}\n")


def test_a_step_that_changes_what_its_code_does_not_lead_to_always_runs(live_kernel):
    live_kernel.run("import gc\nclass Counter: n = 0\ncounter = Counter()")
    find = "for one in gc.get_objects():\n    if type(one).__name__ == 'Counter': one.n += 1"
    for _ in range(3):
        done = live_kernel.run(f"%%step count\n{find}")
    assert "cached" not in done.line
    assert live_kernel.run("print(counter.n)").text.endswith("3\n")


def test_a_pool_of_threads_shares_nothing_with_what_it_never_saw(live_kernel):
    pool = "with ThreadPoolExecutor(2) as pool:\n    done = [*pool.map(abs, [-1])]"
    live_kernel.run(f"from concurrent.futures import ThreadPoolExecutor\n{pool}")
    for _ in range(2):
        done = live_kernel.run("%%step make\nrows = [1]\nrows.append(2)")
    assert "cached" in done.line


def test_a_hit_changes_again_what_a_function_of_another_cell_remembers(live_kernel):
    for _ in range(2):
        live_kernel.run("def count(x, seen=[]):\n    seen.append(x)\n    return len(seen)")
        done = live_kernel.run("%%step once\nn = count(3)")
    assert "cached" in done.line
    assert live_kernel.run("print(count(4))").text.endswith("2\n")
    live_kernel.restart()
    assert live_kernel.run("print(count(4))").text.endswith("2\n")


def test_a_hit_that_brings_a_class_back_brings_its_objects_along(live_kernel):
    for _ in range(2):
        live_kernel.run("class Log:\n    items = []\n    def add(self, x): self.items.append(x)")
        live_kernel.run("log = Log()")
        done = live_kernel.run("%%step add\nlog.add(1)")
    assert "cached" in done.line
    assert live_kernel.run("print(log.items, isinstance(log, Log))").text.endswith("[1] True\n")
