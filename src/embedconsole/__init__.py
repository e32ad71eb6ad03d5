"""Keeps a Qdrant collection true to a SQL product catalog."""

__version__ = "0.2.0"
