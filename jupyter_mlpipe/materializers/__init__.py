"""Values to files and back, exactly."""
