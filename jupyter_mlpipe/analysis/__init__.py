"""Source text in, facts out."""
