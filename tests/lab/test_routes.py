import asyncio
import threading

import pytest
from jupyter_server.auth import Authorizer

from jupyter_mlpipe.lab.routes import PREFIX

ROUTES = {
    "graph": None,
    "artifact": None,
    "runs": None,
    "run": None,
    "targets": None,
    "promote": {},
    "submit": {},
}


def our_rules(server):
    rules = server.web_app.default_router.rules
    nested = [rule for outer in rules for rule in getattr(outer.target, "rules", ())]
    return [rule for rule in nested if PREFIX in rule.matcher.regex.pattern]


def test_every_verb_of_every_route_demands_a_user_and_a_permission(jp_serverapp):
    rules = our_rules(jp_serverapp)
    assert len(rules) == len(ROUTES)
    for rule in rules:
        own = [
            verb for verb in ("get", "post", "put", "patch", "delete") if verb in vars(rule.target)
        ]
        assert own
        for verb in own:
            method = getattr(rule.target, verb)
            assert method.__wrapped__.__wrapped__, f"{rule.target.__name__}.{verb} is open"
            assert "authenticated" in method.__code__.co_qualname
            assert "authorized" in method.__wrapped__.__code__.co_qualname


@pytest.mark.parametrize(("route", "body"), ROUTES.items())
async def test_without_a_token_nothing_is_told(jp_fetch, ask, route, body):
    status, _ = await ask_without_token(ask, route, body)
    assert status == 403


async def ask_without_token(ask, route, body):
    return await ask(route, body=body, path="work/study.ipynb", id="x", token="wrong")


class Refuses(Authorizer):
    """Nobody may do anything with what is ours; remembers what was asked."""

    def is_authorized(self, handler, user, action, resource):
        self.asked = (action, resource)
        return resource != "mlpipe"


@pytest.mark.parametrize(("route", "body"), ROUTES.items())
async def test_an_authorizer_can_refuse_each_route(ask, jp_serverapp, route, body):
    refuses = Refuses()
    jp_serverapp.web_app.settings["authorizer"] = refuses
    status, _ = await ask(route, body=body, path="work/study.ipynb", id="x")
    assert status == 403
    assert refuses.asked == ("read" if body is None else "write", "mlpipe")


@pytest.mark.parametrize("route", ["graph", "runs", "run", "artifact", "targets"])
@pytest.mark.parametrize(
    "path",
    ["../outside.ipynb", "/etc/passwd", "work/../../outside.ipynb", "link.ipynb", "work", ""],
)
async def test_no_path_leads_out_of_the_root(ask, root, route, path):
    (root.parent / "outside.ipynb").write_text("{}")
    (root / "link.ipynb").symlink_to(root.parent / "outside.ipynb")
    status, answer = await ask(route, path=path, id="x")
    assert status == 404
    assert answer["message"]


async def test_a_project_with_bad_settings_is_told_so(ask, root):
    (root / "mlpipe.toml").write_text("cach = true")
    status, answer = await ask("runs", path="work/study.ipynb")
    assert status == 400
    assert "unknown setting 'cach'" in answer["message"]


async def test_slow_work_does_not_hold_up_the_server(ask, root, monkeypatch):
    started, go_on = threading.Event(), threading.Event()

    def slow(place):
        started.set()
        assert go_on.wait(30)
        return "p"

    monkeypatch.setattr("jupyter_mlpipe.lab.run_handlers.pipeline_name", slow)
    waiting = asyncio.ensure_future(ask("runs", path="work/study.ipynb"))
    while not started.is_set():
        await asyncio.sleep(0.01)
    assert (await ask("run", path="work/study.ipynb", id="x"))[0] == 400
    go_on.set()
    assert (await waiting)[0] == 200
