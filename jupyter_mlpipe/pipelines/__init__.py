"""Notebook to pipeline: compile, check, pack."""
