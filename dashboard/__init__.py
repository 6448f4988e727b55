"""Draw the app's dashboard as Splunk would: rows from the replay, Splunk's renderer, a real browser, no network."""
