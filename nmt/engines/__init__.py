"""Engines: piece ids in, hypotheses out."""
