"""Eval functions of addresses (Search Reference, "Comparison and Conditional functions", "Conversion functions")."""

from __future__ import annotations

from splreplay.sql.functions.arguments import text_of
from splreplay.sql.functions.registry import template
from splreplay.sql.values import Kind

template("cidrmatch", (text_of, text_of), "py_cidrmatch({}, {})", Kind.BOOLEAN)
template("ipmask", (text_of, text_of), "py_ipmask({}, {})", Kind.TEXT)
