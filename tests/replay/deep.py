"""Searches that nest without end: what the parser refuses, and what it reads but nothing can run."""

from __future__ import annotations

DEPTH = 10_000
UNREADABLE = {
    "where": "where " + "(" * DEPTH + "1=1" + ")" * DEPTH,
    "search": "search " + "(" * DEPTH + "a=1" + ")" * DEPTH,
    "subsearch": "append " + "[" * DEPTH + "]" * DEPTH,
    "not": "where " + "NOT " * DEPTH + "1=1",
}
DEEP = UNREADABLE | {
    "sum": "eval a=" + "1+" * DEPTH + "1",
    "minus": "eval a=" + "-" * DEPTH + "1",
}
