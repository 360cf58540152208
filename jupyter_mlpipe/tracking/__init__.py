"""The metadata store: what ran, on what, with what result. Never a value."""
