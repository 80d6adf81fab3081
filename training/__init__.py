"""Corpora in, a bundle and its evaluation out."""
