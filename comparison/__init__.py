"""What this product says of a log: the published search beside ours, on each add-on, and the alerts."""
