"""Text to piece ids and back, with character offsets."""
