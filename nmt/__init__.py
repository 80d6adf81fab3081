"""Korean→English neural machine translation: text in, translation out."""

__version__ = "0.1.0"
