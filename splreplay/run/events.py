"""The events of the log as a search of events finds them: with the fields that a Splunk with the add-ons shows of each.

They are those that an XmlWinEventLog input and Splunk_TA_windows extract, by these names, and those that the add-ons make of
them. Source: props.conf and transforms.conf of Splunk_TA_windows, [XmlWinEventLog]; splunk/security_content@2a60eb06
data_sources/*.yml, the fields of each event. That a value of System goes before one of that name in EventData is inferred: its
extraction comes first.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from splreplay import cim
from splreplay.cim.mapping import EVENTTYPES, FILE, INDEX, SOURCETYPE, over
from splreplay.logs.facts import Facts
from splreplay.logs.names import RAW, RENDERING, SYSTEM, UNNAMED, column, name_of
from splreplay.logs.report import EventKind
from splreplay.run import Run
from splreplay.spl.predicate import Predicate, Unmet, unmet
from splreplay.sql.values import Kind, Sql, identifier, literal

# The extractions of these add-ons also keep parts of the text as fields.
_PARTS = {"System_Props_Xml": "System", "EventData_Xml": "EventData", "UserData_Xml": "UserData"}


def fields(run: Run) -> dict[str, Sql]:
    """Return the SQL of each field over the view `event`; NULL where an event lacks it, or has an empty value."""
    return run.facts.once(("fields", run.addon, run.raw), lambda: _fields(run))


def _fields(run: Run) -> dict[str, Sql]:
    described = run.facts.columns
    values = [name_of(name) for name in described if "#" in name]
    identifier_ = Sql("CAST(event_id AS VARCHAR)", Kind.TEXT)
    every = {
        "_time": Sql("time", Kind.NUMBER),
        "host": _text("computer"),
        "source": _text(f"'{SOURCETYPE}:' || {_channel(run.addon)}"),
        "sourcetype": _text(f"'{SOURCETYPE}'"),
        "index": _text(f"'{INDEX}'"),
        "eventtype": _text(
            f"CASE WHEN lower(channel) IN ({', '.join(map(literal, EVENTTYPES))}) THEN 'wineventlog_' || lower(channel) END"
        ),
        "EventCode": identifier_,
        "EventID": identifier_,
        "Computer": _text("nullif(computer, '')"),
        "Channel": _text("nullif(channel, '')"),
        "Name": _text("nullif(provider, '')"),
        FILE: _text('"source"'),
    }
    if run.raw and RAW in described:
        every["_raw"] = _text(RAW)
        every |= {
            name: _text(f"nullif(regexp_extract({RAW}, '<{part}(?:\\s[^>]*)?>(.*?)</{part}>', 1, 's'), '')")
            for name, part in _PARTS.items()
        }
    found: dict[str, list[str]] = {}
    for place in (SYSTEM, "", RENDERING):
        for name in values:
            if place == _place(name):
                found.setdefault(_cleaned(name.removeprefix(place)), []).append(_value(name))
    own = {name: _text(_first(texts)) for name, texts in found.items()}
    if "EventRecordID" in own:
        own.setdefault("RecordNumber", own["EventRecordID"])
    made = _of_add_ons(run, set(values))
    shared = {name: own[name].or_else(made[name]) for name in own.keys() & made.keys()}
    return every | {name: value for name, value in (made | own | shared).items() if name not in every}


def possible(predicate: Predicate, facts: Facts) -> set[EventKind]:
    """Return the kinds of events of the log that can pass a predicate, as far as these tell: others cannot."""
    return {
        (provider, event_id) for provider, event_id, channel in facts.places if not _unmet(predicate, event_id, channel)
    }


def unmatched(predicate: Predicate, facts: Facts) -> list[Unmet]:
    """Return the tests that keep a predicate from being true of any kind of event of the log; nothing if it can be."""
    missing = [_unmet(predicate, event_id, channel) for _, event_id, channel in facts.places]
    return min(missing, key=len, default=[])


def _unmet(predicate: Predicate, event_id: int, channel: str) -> list[Unmet]:
    values = {
        "index": (INDEX,),
        "sourcetype": (SOURCETYPE,),
        "EventCode": (str(event_id),),
        "EventID": (str(event_id),),
    }
    if channel and channel.isascii():
        values |= {"source": (f"{SOURCETYPE}:{channel}",), "Channel": (channel,)}
    return unmet(predicate, values.get)


def kinds_test(kinds: Collection[EventKind], facts: Facts) -> str:
    """Return SQL that is true of every event of some kinds, and that tables of events answer without reading much."""
    if len(kinds) == len(facts.kinds):
        return "true"
    if not kinds:
        return "false"
    ids = ", ".join(str(event_id) for event_id in sorted({event_id for _, event_id in kinds}))
    providers = ", ".join(literal(provider) for provider in sorted({provider for provider, _ in kinds}))
    return f"event_id IN ({ids}) AND provider IN ({providers})"


def _of_add_ons(run: Run, values: set[str]) -> dict[str, Sql]:
    """Return the fields that the add-ons make of the kinds of events that the log has."""
    mapped = cim.event_fields(run.addon)
    made: dict[str, dict[str, list[str]]] = {}
    for provider, event_id in run.facts.kinds:
        like = next(
            (mapped[kind] for kind in ((provider, event_id), (provider, None), (None, None)) if kind in mapped), {}
        )
        for name, sql in like.items():
            # DuckDB would make a join of each long IN, and there is one for each field.
            kind = f"(provider = {literal(provider)} AND event_id = {event_id})"
            made.setdefault(name, {}).setdefault(sql, []).append(kind)

    def read(name: str) -> str:
        there = [value for value in (name, SYSTEM + name) if value in values]
        return _first([_value(value) for value in there]) if there else "CAST(NULL AS VARCHAR)"

    def cases(by_sql: Mapping[str, list[str]]) -> str:
        listed = (f"WHEN {' OR '.join(of)} THEN {over(sql, read)}" for sql, of in by_sql.items())
        return f"CASE {' '.join(listed)} END"

    return {name: Sql(cases(by_sql), cim.kind(name)) for name, by_sql in made.items()}


def _channel(addon: str) -> str:
    """Return SQL for an event's channel; where the record names none, that of its provider."""
    channels = {mapping.source.provider: mapping.source.channel for mapping in cim.mappings(addon)}
    cases = " ".join(f"WHEN {literal(provider)} THEN {literal(channel)}" for provider, channel in channels.items())
    return f"coalesce(nullif(channel, ''), CASE provider {cases} END)"


def _place(name: str) -> str:
    return next((place for place in (SYSTEM, RENDERING, UNNAMED) if name.startswith(place)), "")


def _cleaned(name: str) -> str:
    """Return the field that Splunk makes of a value's name: `New Value` is New_Value.

    Source: transforms.conf.spec, CLEAN_KEYS; splunk/security_content@2a60eb06 data_sources/windows_event_log_defender_5007.yml.
    """
    return re.sub("[^A-Za-z0-9]", "_", name).lstrip("_0123456789") or name


def _value(name: str) -> str:
    return f"nullif({identifier(column(name))}, '')"


def _first(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"coalesce({', '.join(texts)})"


def _text(sql: str) -> Sql:
    return Sql(sql, Kind.TEXT)
