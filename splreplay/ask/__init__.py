"""Ask a real Splunk what no document says, and whether it finds what replay finds."""
