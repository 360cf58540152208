"""The words after `%mlpipe` in a real kernel: help, Tab, and what is not understood."""


def test_tab_completes_verbs_then_what_each_takes(live_kernel):
    live_kernel.run("%%step train\na = 1")
    assert "why" in live_kernel.complete("%mlpipe w")
    assert live_kernel.complete("%mlpipe why tr") == ["train"]


def test_tab_completes_the_options_of_a_step_line(live_kernel):
    assert live_kernel.complete("%%step train --no-") == ["--no-cache", "--no-visualizations"]


def test_help_lists_every_verb(live_kernel):
    reply = live_kernel.inspect("%mlpipe")
    assert "why STEP" in reply


def test_an_unknown_verb_names_near_ones(live_kernel):
    done = live_kernel.run("%mlpipe staus")
    assert "Did you mean status?" in done.error
    assert "Traceback" not in done.error


def test_an_open_quote_is_explained_in_one_line(live_kernel):
    done = live_kernel.run("%mlpipe why 'x")
    assert "close or escape the quote" in done.error
