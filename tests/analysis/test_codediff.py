from jupyter_mlpipe.analysis.codediff import definition_text, edited_definitions, short_diff


def test_a_diff_is_the_changed_lines_and_their_neighbours():
    assert short_diff("a\nb\nc\nd", "a\nb\nC\nd") == " b\n-c\n+C\n d"


def test_equal_texts_have_no_diff():
    assert short_diff("a\n", "a\n") == ""


def test_a_long_diff_is_cut_and_says_so():
    lines = short_diff("", "\n".join(map(str, range(100)))).splitlines()
    assert lines[-1] == "… 76 more lines"


def test_distant_changes_are_set_apart():
    then = [str(n) for n in range(20)]
    now = ["x", *then[1:19], "y"]
    assert "…" in short_diff("\n".join(then), "\n".join(now)).splitlines()


def test_the_last_definition_of_a_name_is_found_with_its_decorators():
    code = "def f(): pass\n@cache\ndef f():\n    return 2\nx = 1"
    assert definition_text(code, "f") == "@cache\ndef f():\n    return 2"


def test_a_method_is_found_in_its_class():
    assert definition_text("class A:\n    def m(self): pass", "A.m").startswith("class A")


def test_what_does_not_parse_has_no_definitions():
    assert definition_text("def f(:", "f") == ""


def test_functions_that_mean_the_same_are_not_edited():
    then = "def f():\n    return 1\ndef g():\n    return 2\ndef h(): pass"
    now = "def f():\n    # still one\n    return 1\ndef g():\n    return 3\ndef k(): pass"
    assert edited_definitions(then, now) == ("g", "h", "k")
