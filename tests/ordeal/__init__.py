"""Trials of a real `taglight serve`: the suite runs them briefly, benchmarks at length."""
