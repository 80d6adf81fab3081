"""The commands of nmt/cli.py that live in this package."""
