"""What a search asks for that no log which replay reads can hold: it runs, and never finds anything.

Nothing is said where a log might hold it: Windows records events of any id, with any fields of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from splreplay import cim
from splreplay.commands.append import Append
from splreplay.commands.inputlookup import InputLookup
from splreplay.commands.join import Join
from splreplay.commands.search import Search
from splreplay.commands.tstats import Tstats
from splreplay.run.command import Pipeline
from splreplay.spl.predicate import All, Any, Compare, OneOf, Predicate

# All that an event of a Windows log can have in these fields; what `collect` wrote is no log.
EVENT_VALUES = {
    "index": ("main",),
    "source": ("XmlWinEventLog:*",),
    "sourcetype": ("XmlWinEventLog",),
    "eventtype": ("wineventlog_application", "wineventlog_security", "wineventlog_system"),
    "tag": (),
}
# What the CIM puts into a field that an event does not fill, and `fillnull_value` in the macros of security_content.
_FILLERS = ("unknown", "[unknown]", "0", "null")

Values = Callable[[str], Sequence[str] | None]


def unfilled(pipeline: Pipeline, addon: str) -> list[str]:
    """Return what a search needs and no log fills, each as a test, a field or a data model; nothing if it may find something."""
    source, *others = pipeline
    missing: list[str] = []
    if isinstance(source, Search):
        missing = _unmet(source.predicate, EVENT_VALUES.get)
    elif isinstance(source, Tstats):
        missing = _of_model(source, addon)
    for command in others:
        match command:
            case Append():
                missing = missing and [*missing, *more] if (more := unfilled(command.subsearch, addon)) else []
            case Join(type="inner"):
                missing = [*missing, *unfilled(command.subsearch, addon)]
            case InputLookup():
                missing = []
    return list(dict.fromkeys(missing))


def _of_model(command: Tstats, addon: str) -> list[str]:
    dataset = cim.described(addon).get(command.datamodel)
    if dataset is None:  # it cannot be run
        return []
    if not dataset.fill:
        return [f"the data model {command.datamodel}"]
    prefix = f"{command.datamodel.rpartition('.')[2]}."
    filled = {name for mapping in dataset.fill for name, sql in mapping.fields.items() if not sql.startswith("NULL")}

    def values(name: str) -> Sequence[str] | None:
        """Return the only values that a field can have; None for any."""
        if name in EVENT_VALUES:
            return EVENT_VALUES[name]
        column = dataset.columns.get(name.removeprefix(prefix))
        if name in cim.EVENT_FIELDS or column is None or filled & set(re.findall(r"\w+", column)):
            return None
        return () if _as_extracted(column) else _FILLERS

    missing = _unmet(command.predicate, values)
    if command.fillnull_value is None:
        missing += [name for name in command.by if values(name) == ()]
    return missing


def _as_extracted(column: str) -> bool:
    """Return whether the CIM takes a field as the add-on extracts it, and puts nothing where it does not."""
    return re.fullmatch(r'"?\w+"?', column) is not None


def _unmet(predicate: Predicate, values: Values) -> list[str]:
    """Return the tests for which a predicate is true of no event, as the search has them; nothing if it can be true."""
    match predicate:
        case Compare(name, op, value):
            return _missing(name, op, (value,), values(name))
        case OneOf(name, wanted):
            return _missing(name, "=", wanted, values(name))
        case All(parts):
            return [test for part in parts for test in _unmet(part, values)]
        case Any(parts):
            tests = [_unmet(part, values) for part in parts]
            return [test for part in tests for test in part] if all(tests) else []
    return []


def _missing(name: str, op: str, wanted: Sequence[str], possible: Sequence[str] | None) -> list[str]:
    if possible is None or (possible and op != "="):
        return []
    if not possible:
        return [name]
    unmet = not any(_meet(value.lower(), other.lower()) for value in wanted for other in possible)
    return [f"{name}={value}" for value in wanted] if unmet else []


def _meet(wanted: str, possible: str) -> bool:
    """Return whether some text matches both *wanted*, with wildcards, and *possible*, which may end in one."""
    head, *parts = wanted.split("*")
    if possible.endswith("*"):
        start = possible[:-1]
        return head.startswith(start) or (bool(parts) and start.startswith(head))
    if not parts:
        return wanted == possible
    *middle, tail = parts
    place = len(head) if possible.startswith(head) else -1
    for part in middle:
        place = -1 if place < 0 or (found := possible.find(part, place)) < 0 else found + len(part)
    return 0 <= place <= len(possible) - len(tail) and possible.endswith(tail)
