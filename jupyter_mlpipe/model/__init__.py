"""Records only: standard library, no input or output."""
