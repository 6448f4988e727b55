r"""collect: write the results into a summary index, here a file in the folder that --collect names.

Source: Search Reference 9.3, "collect"; limits.conf.spec, [collect]. Inference, because no page shows it: output_format=raw
writes a quote inside a value as `\"` and a backslash as it is, so it is not known how such a value is read back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from splreplay import times
from splreplay.run import summary
from splreplay.run.command import Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.spl.options import Convert, at_option, boolean, choice, read_option
from splreplay.sql.values import Value

_BREAKER = "==##~~##~~  1E8N3D4E6V5E7N2T9 ~~##~~##=="  # between two events, because a value may hold a line break
_SPEC: dict[str, Convert] = {
    "index": str,
    "output_format": choice("raw", "hec"),
    "addinfo": boolean,
    "testmode": boolean,
    "run_in_preview": boolean,  # a replay has no previews
    "spool": boolean,
    "file": str,
    "addtime": boolean,
    "host": str,
    "marker": str,
    "source": str,
    "sourcetype": str,
    "timeformat": str,
    "uselb": boolean,
}
_RAW_ONLY = ("addtime", "host", "marker", "source", "sourcetype", "timeformat", "uselb")


@dataclass(frozen=True)
class Collect(Transform):
    """`collect index=name options`."""

    options: Mapping[str, Any]

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Collect:
        """Read the options.

        Raises:
            SplSyntaxError: For an invalid name of an index, and an option that output_format=hec does not allow.
            UnsupportedError: For spool=false, and a file that is not a plain name.
        """
        options: dict[str, Any] = {"index": "summary", "output_format": "raw"}
        tokens = {}
        while at_option(cursor, _SPEC):
            start = cursor.here
            name, options[name] = read_option(cursor, _SPEC)
            tokens[name] = start
        output_format = options["output_format"]
        if output_format == "hec":
            for name in _RAW_ONLY:
                if name in options:
                    cursor.fail(f"{name}= does not go with output_format=hec", tokens[name])
        if not summary.INDEX_NAME.fullmatch(options["index"]):
            hint = "an index name has small letters, digits, _ and -, and begins with a letter or digit"
            cursor.fail(f"no index can be called {options['index']!r}", tokens["index"], hint)
        if not options.get("spool", True):
            hint = "write testmode=true to see the events and write none"
            cursor.refuse("replay does not run spool=false: what it writes is always read again", tokens["spool"], hint)
        suffix = summary.SUFFIXES[output_format]
        if "file" in options:
            plain = re.sub(r"\$(timestamp|random)\$", "1", options["file"])
            if not summary.FILE_NAME.fullmatch(plain) or not plain.endswith(suffix):
                hint = "the folder is the one of --collect; leave file= out, and the file is numbered"
                cursor.refuse(f"replay takes a plain file name that ends in {suffix}", tokens["file"], hint)
        return cls(segment, options)

    def behind(self, before: Outputs) -> Outputs:
        return before.plus(("_raw",)) if self.options.get("testmode") else before

    def run(self, rows: Table, run: Run) -> Table:
        """Write the results and return them unchanged; in testmode write nothing, and return them with their `_raw`.

        Raises:
            UnsupportedError: If there is no folder to write into, results have a `_raw` and the format is HEC, a `_time` is
                not a time, or a value contains what separates events in the other format.
            SplError: If the file cannot be written.
        """
        test, hec = self.options.get("testmode", False), self.options["output_format"] == "hec"
        if run.means.collect is None and not test:
            self.segment.refuse(
                "collect writes a file, and replay does not choose where", "name a folder: --collect DIR"
            )
        if hec and "_raw" in rows.columns:
            self.segment.refuse(
                "replay does not know where output_format=hec puts `_raw`", "drop it first: fields - _raw"
            )
        results = run.stages.fetch(rows)
        events = [self._hec(result, run) if hec else self._raw(result, run) for result in results]
        if not hec and any(mark in event for event in events for mark in (_BREAKER, "***SPLUNK***")):
            self.segment.refuse("a value would end its event and begin another", "add output_format=hec")
        if test:
            shown = [{**result, "_raw": event} for result, event in zip(results, events, strict=True)]
            return run.stages.from_python(list(dict.fromkeys([*rows.columns, "_raw"])), shown)
        if events and run.means.collect is not None:
            lines = events if hec else [self._header(), *self._broken(events)]
            name, suffix = self._file(run), summary.SUFFIXES[self.options["output_format"]]
            path = summary.write(run.means.collect, name, suffix, "".join(f"{line}\n" for line in lines))
            run.failing.callback(path.unlink, missing_ok=True)
            count = f"{len(events):,} event{'s' if len(events) != 1 else ''}"
            run.say("note", f"collect wrote {count} for the index {self.options['index']} into {path}")
        return rows

    def _file(self, run: Run) -> str | None:
        name = self.options.get("file")
        # The random number is made of the time's microseconds, so the same run gives the same name.
        stamps = {"timestamp": str(int(run.time.now)), "random": str(int(run.time.now * 1e6) % 1_000_000)}
        return re.sub(r"\$(timestamp|random)\$", lambda match: stamps[match[1]], name) if name else None

    def _info(self, run: Run) -> dict[str, Value]:
        """Return the range and the time of the run; all time has no bounds, as the example in the Search Reference shows."""
        info = {"info_min_time": run.time.earliest, "info_max_time": run.time.latest, "info_search_time": run.time.now}
        wanted = self.options.get("addinfo", True)
        return {name: f"{value:.3f}" for name, value in info.items() if value is not None and wanted}

    def _hec(self, result: Mapping[str, Value], run: Run) -> str:
        time = result.get("_time") or repr(run.time.now if run.time.earliest is None else run.time.earliest)
        if not isinstance(time, str) or not re.fullmatch(r"-?\d+(\.\d+)?", time):
            self.segment.refuse(
                f"collect writes each event at a time, and _time {time!r} is none", "eval _time=… first"
            )
        return summary.hec(time, self.options["index"], {**self._info(run), **_fields(result)})

    def _raw(self, result: Mapping[str, Value], run: Run) -> str:
        """Return one event as text: its `_raw`, or otherwise its time and its fields as key="value"."""
        marker = [self.options["marker"]] if "marker" in self.options else []
        if "_raw" in result:
            return ", ".join([_joined(result["_raw"]), *marker])
        pattern = self.options.get("timeformat", "%m/%d/%Y %H:%M:%S %z")
        stamp = [times.format_time(_time(result, run), pattern) or ""] if self.options.get("addtime", True) else []
        info = [f"{name}={value}" for name, value in self._info(run).items()]
        pairs = [f"{name}={_quoted(_joined(value))}" for name, value in _fields(result).items()]
        return ", ".join([*stamp, *info, *pairs, *marker])

    def _header(self) -> str:
        named = (name for name in summary.METADATA if name in self.options)
        values = {name: re.sub(r'["\r\n]', "_", self.options[name]) for name in named}
        return " ".join(["***SPLUNK***", *(f'{name}="{value}"' for name, value in values.items())])

    def _broken(self, events: Sequence[str]) -> list[str]:
        """Return the events, each followed by the line that ends it; with uselb=false each line is an event."""
        if not self.options.get("uselb", True):
            return list(events)
        return [line for event in events for line in (event, _BREAKER)]


def _fields(result: Mapping[str, Value]) -> dict[str, Value]:
    """Return the fields of a result that are written: all but internal fields, which begin with _."""
    return {name: value for name, value in result.items() if name[:1] != "_"}


def _time(result: Mapping[str, Value], run: Run) -> float:
    """Return the first of these that is a time: info_min_time, `_time`, now."""
    for value in (result.get("info_min_time"), result.get("_time")):
        if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value):
            return float(value)
    return run.time.now


def _joined(value: Value) -> str:
    """Return several values as one text, one on each line (limits.conf.spec, format_multivalue_collect = false)."""
    return value if isinstance(value, str) else "\n".join(value)


def _quoted(text: str) -> str:
    """Return *text* in quotes, unless it is only letters and digits: other characters may end a value in Splunk."""
    return text if re.fullmatch(r"[A-Za-z0-9]+", text) else '"' + text.replace('"', r"\"") + '"'
