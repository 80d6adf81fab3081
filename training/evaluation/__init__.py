"""Scores, significance, plots and reports."""
