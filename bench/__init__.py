"""Measurements: ratios within one run, as no machine keeps the same speed. `make bench` runs them all."""
