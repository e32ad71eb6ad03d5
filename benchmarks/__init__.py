"""Benchmarks; each prints its figures beside its baseline's, from the same run."""
