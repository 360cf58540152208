"""Promotion: where to, what it would write, and a first run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_mlpipe.config import Settings
from jupyter_mlpipe.lab.handler import MlpipeHandler
from jupyter_mlpipe.lab.places import Places
from jupyter_mlpipe.model.errors import OrchestratorError
from jupyter_mlpipe.model.views import PromotePlan, PromoteRequest, Target
from jupyter_mlpipe.orchestrators.base import Orchestrator
from jupyter_mlpipe.orchestrators.promotion import PromoteOptions, promote
from jupyter_mlpipe.orchestrators.registry import available_orchestrators, find_orchestrator
from jupyter_mlpipe.pipelines.codestore import store
from jupyter_mlpipe.pipelines.prepare import prepare
from jupyter_mlpipe.tracking.opening import looking_at


class TargetsHandler(MlpipeHandler):
    """`GET targets?path=`."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Every orchestrator, as `Target` each."""
        await self.answer(partial(_targets, self.places, self.get_query_argument("path")))


class PromoteHandler(MlpipeHandler):
    """`POST promote` with a `PromoteRequest`."""

    @authenticated
    @authorized
    async def post(self) -> None:
        """A `PromotePlan`; files are written only when the request names a folder."""
        await self.answer(lambda: _promote(self.places, self.body(PromoteRequest)))


class SubmitHandler(MlpipeHandler):
    """`POST submit` with a `PromoteRequest`."""

    @authenticated
    @authorized
    async def post(self) -> None:
        """The id of the run that was started."""
        await self.answer(lambda: _submit(self.places, self.body(PromoteRequest)))


def _targets(places: Places, path: str) -> object:
    settings = places.notebook(path).settings
    return {"format": 1, "targets": list(_describe_all(settings))}


def _describe_all(settings: Settings) -> Iterator[Target]:
    orchestrators = available_orchestrators(settings)
    for name in orchestrators:
        try:
            yield _describe(orchestrators[name])
        except OrchestratorError as error:
            yield Target(name, name, available=False, note=str(error))


def _describe(orchestrator: Orchestrator) -> Target:
    capabilities = orchestrator.capabilities
    missing = orchestrator.availability()
    return Target(
        name=orchestrator.name,
        title=orchestrator.title,
        available=not missing,
        note=missing,
        capabilities=tuple(f.name for f in fields(capabilities) if getattr(capabilities, f.name)),
    )


def _promote(places: Places, request: PromoteRequest) -> PromotePlan:
    place = places.notebook(request.path)
    out = places.below(request.out) if request.out else None
    options = PromoteOptions(
        target=request.target, schedule=request.schedule, parameters=request.parameters, out=out
    )
    plan = promote(place.file, place.settings, options)
    return replace(plan, written=tuple(places.shown(Path(file)) for file in plan.written))


def _submit(places: Places, request: PromoteRequest) -> object:
    place = places.notebook(request.path)
    settings = place.settings
    orchestrator = find_orchestrator(request.target, settings)
    with looking_at(settings) as metadata:
        prepared = prepare(place.file, settings, request.parameters, metadata)
    store(prepared.archive, settings.artifact_store, settings.home)
    submission = orchestrator.submit(prepared.pipeline, {})
    return {"format": 1, "run_id": submission.run_id}
