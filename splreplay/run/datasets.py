"""The datasets of data models as a run finds them: by name, and Risk from what `collect` wrote."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from splreplay import cim
from splreplay.cim import risk
from splreplay.run import Run, summary
from splreplay.spl.pipeline import Segment
from splreplay.spl.tokens import Token

COMMON = tuple(cim.EVENT_FIELDS)


def parts_of(name: str) -> tuple[str, str | None]:
    """Return the dataset that *name* stands for, and the one below it if it names one: `Authentication.Failed_Authentication`.

    A data model's name alone is its one root, if it has one. The name of a dataset below it may leave out those between.
    """
    name = cim.ROOTS.get(name, name)
    model, _, rest = name.partition(".")
    for root, children in cim.CHILDREN.items():
        if root.partition(".")[0] == model and name != root:
            for child in children:
                if rest in (child, child.rpartition(".")[2]):
                    return root, child
    return name, None


def dataset(name: str, run: Run, segment: Segment, token: Token, instead: str = "", without: str = "") -> cim.Dataset:
    """Return a dataset of a data model; UnsupportedError if replay has none of this name, with what to write instead.

    Args:
        name: "Endpoint.Processes" and so on.
        run: The run.
        segment: The command that reads it.
        token: The name as it is written.
        instead: What to write before the name of another dataset, as in `from datamodel=`.
        without: What to write behind it.
    """
    model = run.models.datasets.get(name)
    if model is None:
        message = f"replay has no data model {name!r}"
        if any(known.startswith(f"{name}.") for known in run.models.datasets):
            message = f"{name!r} is a data model, of which replay reads one dataset"
        segment.refuse(message, _near(name, sorted(run.models.datasets), instead, without), token)
    if name == risk.NAME and run.means.collect is not None:
        model = run.models.datasets[risk.NAME] = _risk_events(run, run.means.collect)
    return model


def _near(name: str, known: list[str], instead: str, without: str) -> str:
    """Return what to write instead of an unknown data model: its datasets, or one with a similar name."""
    near = [one for one in known if one.startswith(f"{name}.")]
    near = near or difflib.get_close_matches(name, known, n=1, cutoff=0.8)
    return f"write: {instead}{' or '.join(near)}{without}" if near else f"replay fills: {' '.join(known)}"


def _risk_events(run: Run, folder: Path) -> cim.Dataset:
    """Return the dataset of what collect wrote into the index risk; the events of a search have the kinds of its values."""
    events = [risk.enriched(event) for event in summary.read(folder) if event.get("index") == risk.INDEX]
    return risk.collected(run.stages.from_python(_names(events), events))


def _names(events: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(name for event in events for name in event))
