"""Plan detections once, and say of each whether these logs can show what it looks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from splreplay.app import App
from splreplay.commands.datamodel import DataModel
from splreplay.commands.search import Search
from splreplay.commands.tstats import Tstats
from splreplay.detections.source import Detection
from splreplay.detections.unfilled import Missing, NoModel, needed, unfilled
from splreplay.hunt.outcome import LACKING, Outcome
from splreplay.planning import Plan, outline
from splreplay.recording import Recording
from splreplay.run import events
from splreplay.run.command import Source, walk
from splreplay.spl.predicate import Unmet
from splreplay.times import TimeRange


@dataclass(frozen=True)
class Planned:
    """A detection and its plan, which has errors if it cannot be run."""

    detection: Detection
    plan: Plan


def planned(detections: Iterable[Detection], app: App, addon: str, time: TimeRange) -> list[Planned]:
    """Return the plans of detections, each once: a YAML file and what was rendered from it have the same name and search."""
    once: dict[tuple[str, ...], Detection] = {}
    for detection in detections:
        once.setdefault((detection.name, *detection.search.value.split()), detection)
    return [Planned(detection, outline(app, detection.search.value, addon, time)) for detection in once.values()]


def datasets(plans: Iterable[Plan]) -> set[str]:
    """Return the datasets that some searches read, by name."""
    positions = (position for plan in plans for position in walk(plan.pipeline))
    return {name for position in positions for name in position.command.reads(position.first) or ()}


def unseen(one: Planned, recording: Recording) -> Outcome | None:
    """Return the outcome of a detection that cannot be run, or that needs what these logs do not have; None if it is to be run."""
    if one.plan.errors:
        return Outcome("not supported", one.plan.errors[0].message)
    missing = unfilled(one.plan.pipeline, one.plan.addon) or _missing(one.plan, recording)
    if not missing:
        return None
    fields = all(isinstance(what, Unmet) and what.value is None for what in missing)
    return Outcome(LACKING["field" if fields else "event"], ", ".join(map(str, missing)))


def _missing(plan: Plan, recording: Recording) -> Sequence[Missing]:
    filled = recording.datasets(plan.addon)

    def of_source(source: Source) -> Sequence[Missing]:
        match source:
            case Search():
                return events.unmatched(source.predicate, recording.facts)
            case Tstats(datamodel=name) | DataModel(name=name) if name in filled and not filled[name].in_log:
                return [NoModel(name)]
        return []

    return needed(plan.pipeline, of_source)
