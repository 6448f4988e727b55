"""The eval functions: each turns its arguments into SQL (Search Reference, "Evaluation functions")."""

# They register what they hold.
from splreplay.sql.functions import addresses, bits, choice, json, multivalue, numbers, text, time, trigonometry  # noqa: F401
from splreplay.sql.functions.python import create_functions
from splreplay.sql.functions.registry import call, names

__all__ = ["call", "create_functions", "names"]
