"""The SPL language: text in, syntax trees out; nothing here knows about data."""
