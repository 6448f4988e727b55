"""Eval functions of angles (Search Reference, "Trigonometry and Hyperbolic functions"); no value where a function has none †."""

from __future__ import annotations

from splreplay.sql.functions.arguments import BOUND, bound, number_of
from splreplay.sql.functions.registry import template
from splreplay.sql.values import Kind

# Where each is defined; the database fails elsewhere.
_DOMAINS = {
    **dict.fromkeys(("cos", "sin", "tan"), f"isfinite({BOUND})"),
    **dict.fromkeys(("atan", "sinh", "cosh", "tanh", "asinh"), "true"),
    **dict.fromkeys(("acos", "asin"), f"abs({BOUND}) <= 1"),
    "acosh": f"{BOUND} >= 1",
    "atanh": f"abs({BOUND}) < 1",
}
for _name, _domain in _DOMAINS.items():
    template(_name, (number_of,), bound("{}", f"CASE WHEN {_domain} THEN {_name}({BOUND}) END"), Kind.NUMBER)
template("atan2", (number_of, number_of), "atan2({}, {})", Kind.NUMBER)
template(
    "hypot",
    (number_of, number_of),
    bound("[{}, {}]", f"sqrt({BOUND}[1] * {BOUND}[1] + {BOUND}[2] * {BOUND}[2])"),
    Kind.NUMBER,
)
