"""The lineage graph, and the artifacts in it."""

from __future__ import annotations

from functools import partial

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_mlpipe.lab.handler import MlpipeHandler
from jupyter_mlpipe.lab.notebooks import notebook_graph
from jupyter_mlpipe.lab.places import Places
from jupyter_mlpipe.model.artifact import ArtifactVersion
from jupyter_mlpipe.model.views import ArtifactDetails, LineageGraph
from jupyter_mlpipe.storage.artifacts import ArtifactStore
from jupyter_mlpipe.storage.blobs import open_blobs
from jupyter_mlpipe.tracking.opening import looking_at
from jupyter_mlpipe.tracking.previews import stored_preview
from jupyter_mlpipe.tracking.reading import artifact_details


class GraphHandler(MlpipeHandler):
    """`GET graph?path=`."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """A `LineageGraph`."""
        await self.answer(partial(_graph, self.places, self.get_query_argument("path")))


class ArtifactHandler(MlpipeHandler):
    """`GET artifact?id=&path=`."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """An `ArtifactDetails`; its preview was made when the value was stored."""
        path, version_id = self.get_query_argument("path"), self.get_query_argument("id")
        await self.answer(partial(_artifact, self.places, path, version_id))


def _graph(places: Places, path: str) -> LineageGraph:
    place = places.notebook(path)
    with looking_at(place.settings) as store:
        return notebook_graph(place, store)


def _artifact(places: Places, path: str, version_id: str) -> ArtifactDetails:
    settings = places.notebook(path).settings
    with looking_at(settings) as store:
        version = store.get(ArtifactVersion, version_id)
        blobs = open_blobs(settings.artifact_store, settings.home / "cache")
        return artifact_details(store, version_id, stored_preview(ArtifactStore(blobs), version))
