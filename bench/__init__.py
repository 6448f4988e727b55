"""Measurements: ratios within one run, as the machine's speed is never the same twice. `make bench` runs them all."""
