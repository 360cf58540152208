"""Runs of a notebook."""

from __future__ import annotations

from functools import partial

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_mlpipe.lab.handler import MlpipeHandler
from jupyter_mlpipe.lab.notebooks import pipeline_name
from jupyter_mlpipe.lab.places import Places
from jupyter_mlpipe.model.run import Run
from jupyter_mlpipe.model.views import RunDetails
from jupyter_mlpipe.tracking.opening import looking_at
from jupyter_mlpipe.tracking.reading import run_details, run_view
from jupyter_mlpipe.tracking.store import Query

_SHOWN = 50


class RunsHandler(MlpipeHandler):
    """`GET runs?path=`."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """The newest runs, as `RunView` each."""
        await self.answer(partial(_runs, self.places, self.get_query_argument("path")))


class RunHandler(MlpipeHandler):
    """`GET run?id=&path=`."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """A `RunDetails`."""
        path, run_id = self.get_query_argument("path"), self.get_query_argument("id")
        await self.answer(partial(_run, self.places, path, run_id))


def _runs(places: Places, path: str) -> object:
    place = places.notebook(path)
    query = Query(Run, {"pipeline": pipeline_name(place)}, limit=_SHOWN)
    with looking_at(place.settings) as store:
        return {"format": 1, "runs": [run_view(run) for run in store.find(query).items]}


def _run(places: Places, path: str, run_id: str) -> RunDetails:
    with looking_at(places.notebook(path).settings) as store:
        return run_details(store, run_id)
