"""The input of the renderer: the definition of a dashboard, and the rows of each of its searches."""

from __future__ import annotations

import json
import math
from typing import Any

from builder import view
from splreplay.app import App
from splreplay.engine import replay
from splreplay.errors import DataError
from splreplay.output import Results, as_json_row
from splreplay.planning import plan
from splreplay.recording import Recording
from splreplay.times import TimeRange

VIEW = "default/data/ui/views/installutil_risk.xml"
_HOUR_S = 3600


def range_of(recording: Recording) -> TimeRange:
    """Return the whole hours that hold every event of a recording; the time of the run is their end."""
    query = "SELECT min(time), max(time) FROM event"
    first, last = recording.connection.execute(query).fetchall()[0]
    end = (math.floor(last / _HOUR_S) + 1) * _HOUR_S
    return TimeRange(end, math.floor(first / _HOUR_S) * _HOUR_S, end)


def feed(recording: Recording, app: App, addon: str, time: TimeRange) -> dict[str, Any]:
    """Return the definition, with its time range set, and the query and the rows by column of each data source.

    Raises:
        DataError: If the view is invalid.
        SplError: For whatever is wrong with its searches.
    """
    content = (app.folder / VIEW).read_bytes()
    document = view.read(content, VIEW)
    if document.value is None:
        raise DataError("\n".join(map(str, document.problems)))
    match = view.DEFINITION.search(content.decode())
    assert match is not None, "the view was read"
    definition = json.loads(match[1])
    for control in definition["inputs"].values():
        control["options"]["defaultValue"] = f"{time.earliest or 0:.0f},{time.latest or time.now:.0f}"
    sources = document.value.dataSources
    return {
        "definition": definition,
        "queries": {name: source.options.query for name, source in sources.items()},
        "rows": {
            name: _columns(replay(plan(app, view.search(sources, name), addon, time), recording).results)
            for name in sources
        },
    }


def _columns(results: Results) -> dict[str, Any]:
    """Return results in the form of Splunk's renderer: the fields, and a column for each."""
    rows = [as_json_row(row) for row in results.rows]
    return {
        "fields": [{"name": name} for name in results.fields],
        "columns": [[row.get(name) for row in rows] for name in results.fields],
    }
