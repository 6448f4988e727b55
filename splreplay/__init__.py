"""Run the searches that ship, and others, over recorded Windows logs, without a Splunk."""
