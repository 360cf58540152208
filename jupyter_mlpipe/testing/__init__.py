"""Contract suites that every plug-in inherits."""
