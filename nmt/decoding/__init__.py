"""Search over any model that offers start, step and reorder."""
