"""Contract suites that every plug-in inherits, one module a kind of plug-in."""
