"""What all our handlers share: threads for the work, JSON for the answer, words for errors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TypeVar

from jupyter_server.base.handlers import APIHandler

from jupyter_mlpipe.lab.places import OutsideRootError, Places
from jupyter_mlpipe.model.errors import MlpipeError
from jupyter_mlpipe.model.wire import from_json, to_json

R = TypeVar("R")


class MlpipeHandler(APIHandler):
    """Each verb of a subclass must be `@authenticated` and `@authorized`."""

    auth_resource = "mlpipe"

    def initialize(self, places: Places) -> None:
        """Called by tornado for each request."""
        self.places = places

    async def answer(self, work: Callable[[], object]) -> None:
        """Do blocking work in a thread, and send the record it returns."""
        try:
            record: object = await asyncio.to_thread(work)
        except OutsideRootError as error:
            self.set_status(404)
            record = {"message": str(error)}
        except MlpipeError as error:
            self.set_status(400)
            record = {"message": str(error)}
        self.finish(json.dumps(to_json(record)))

    def body(self, kind: type[R]) -> R:
        """The request's JSON as a record.

        Raises:
            MetadataError: It has another shape.
        """
        return from_json(kind, self.get_json_body())
