"""Text before and after the model: normalise, protect, segment, tidy."""
