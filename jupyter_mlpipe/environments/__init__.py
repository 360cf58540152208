"""What a step ran in."""
