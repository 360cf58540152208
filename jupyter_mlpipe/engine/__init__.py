"""Runs one step, the same way everywhere: look up, execute, capture, record."""
