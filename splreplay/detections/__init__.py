"""Detections as files: read from YAML or savedsearches.conf, checked without data, and tested over recordings."""
