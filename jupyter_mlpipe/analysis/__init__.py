"""Source text in, facts out: what a cell mentions, what it means, and what it stands on."""
