import importlib.metadata

import pytest

from jupyter_mlpipe.model.errors import OrchestratorError
from jupyter_mlpipe.orchestrators import registry
from jupyter_mlpipe.orchestrators.registry import available_orchestrators, find_orchestrator


def test_ours_are_there_by_name(settings):
    known = available_orchestrators(settings)
    assert set(known) >= {"airflow", "local"}
    assert known["local"].name == "local"


def test_an_unknown_target_lists_the_known_ones(settings):
    with pytest.raises(OrchestratorError, match="'moon'; known are local, airflow"):
        find_orchestrator("moon", settings)


def test_a_broken_plug_in_hurts_only_whoever_asks_for_it(settings, monkeypatch):
    broken = importlib.metadata.EntryPoint("moon", "no.such.module:Moon", registry.ENTRY_POINTS)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [broken])
    assert find_orchestrator("local", settings).name == "local"
    with pytest.raises(OrchestratorError, match="'moon' cannot be loaded"):
        find_orchestrator("moon", settings)
