"""
`| rbaenrich`: the search command. OPTIONS below lists its options; default/searchbnf.conf says what they do.

splunklib leads the conversation with splunkd. The rules, the lookups, the table and the frames are in modules
beside this one that know nothing of it. Where splunklib cannot handle broken or hostile input, one of its
methods is overridden here, and says why.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import sys
import tempfile
import types
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timezone
from logging.handlers import RotatingFileHandler
from typing import IO, Any, BinaryIO, NoReturn

if __name__ == "__main__":
    # Ctrl-C ends the command as SIGTERM does: at once, and without a traceback, even while modules are loaded.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

APP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(APP, "lib"))
# splunklib loads its REST client, a third of its start-up time, for a property that this command never uses.
sys.modules["splunklib.client"] = types.ModuleType("splunklib.client")
sys.modules["splunklib.client"].Service = None  # type: ignore[attr-defined]

# ruff: noqa: E402  (splunklib can be found only now)
import installutil_rba_lookups as lookups
import installutil_rba_rules as rules
import installutil_rba_table as table
import installutil_rba_wire as wire
from installutil_rba_fast import FastPath, NotPlainError
from installutil_rba_fields import ANNOTATION, MODIFIER
from installutil_rba_plain import PlainPath
from installutil_rba_values import Record
from splunklib.searchcommands import Configuration, Option, StreamingCommand, dispatch
from splunklib.searchcommands.internals import ObjectView, RecordWriterV2

# Every option, and the values that it can have; an empty tuple allows any text. The options that splunklib adds
# are refused: `logging_configuration` names a file to run code from, and `record` writes files.
OPTIONS = {
    "detection": (),
    "detection_field": (),
    "output": ("annotate", "modifiers"),
    "fields": (),
    "missing": (),
    "logging_level": ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # and lone surrogates, which no reply can carry
WARNINGS_SHOWN = 10  # problems that the job inspector lists; the log has them all


class _Writer(RecordWriterV2):  # type: ignore[misc]
    """splunklib's writer, but it writes `body` once, as the bytes that it is."""

    body: IO[bytes] | None = None

    def _write_chunk(self, metadata: Iterable[tuple[str, Any]], _: str) -> None:
        body, self.body = self.body, None
        wire.write_frame(self.ofile, {name: value for name, value in metadata if value is not None}, body)
        self.is_flushed = True


class _Log(RotatingFileHandler):
    """The log of the command; a log that cannot be written must not disturb a search."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Say nothing: there is nowhere to say it."""


# On the search head only: after `join` and `table` it runs there anyway, and lib/ is not sent to indexers.
@Configuration(distributed=False)
class RbaEnrichCommand(StreamingCommand):  # type: ignore[misc]
    """Adds the risk of one detection to each result, or turns each result into risk events."""

    detection = Option()
    detection_field = Option()
    output = Option(default="annotate")
    fields = Option()
    missing = Option(default="unknown")

    def __init__(self) -> None:
        """Prepare a log if there is a Splunk to keep it."""
        super().__init__()
        self.tally: Counter[str] = Counter()  # of results, by what their risk_status begins with
        self.folder: str | None = None  # where Splunk keeps what belongs to this search
        self.columns: set[str] = set()  # of all chunks
        home = os.environ.get("SPLUNK_HOME")
        if home:
            path = os.path.join(home, "var", "log", "splunk", "rbaenrich.log")
            log = _Log(path, maxBytes=5_000_000, backupCount=3, encoding="utf-8", delay=True)
            log.setFormatter(logging.Formatter("%(asctime)s %(levelname)s pid=%(process)d %(message)s"))
            self.logger.addHandler(log)
            self.logger.propagate = False

    def prepare(self) -> None:
        """Read the lookups. This also runs when a search is only parsed, so a mistake shows while it is typed."""
        self._record_writer: Any = _Writer(self._record_writer.ofile)
        tempfile.tempdir = self.folder  # this search's, so that its quota counts; None is the system's own folder
        named = self._fields_named()
        try:
            found = lookups.read(APP, datetime.now(timezone.utc).date())
            detections = [*found.in_force()] if self.detection_field else [found.of(self.detection)]
        except lookups.ConfigurationError as error:
            self._stop(str(error))
        self.local_fields = {pair: None for detection in detections for pair in detection.local_fields}
        carried = None
        if self.output == "modifiers":
            # By default all fields that the lookups name for the detection: who, what, where, and what made the score.
            read = {field for detection in detections for field in rules.fields_read(detection)}
            carried = sorted(read.difference(MODIFIER)) if named is None else named
        by_name = {detection.detection.name.lower(): detection for detection in detections}
        self.plain_path = PlainPath(by_name, self.missing, self.detection_field, carried)
        is_fast = carried is None and self.detection_field is None
        self.fast_path = FastPath(detections[0], self.missing) if is_fast else None
        self.warnings = found.warnings
        self.logger.info("detections=%r output=%s", [*by_name], self.output)

    def _fields_named(self) -> list[str] | None:
        """Return the fields that `fields=` names, None without it; refuse options that contradict each other."""
        field = self.detection_field
        if field is not None and self.detection is not None:
            self._stop("detection= is for all results, and detection_field= names one for each; give only one of them")
        if field is not None and (not field or field in {*ANNOTATION} - {"risk_detection"}):
            self._stop(f"detection_field={field!r} can name no detection; give a field such as search_name")
        if self.fields is None:
            return None
        if self.output != "modifiers":
            self._stop("fields= is for output=modifiers; a result that is annotated keeps all its fields")
        named = [*dict.fromkeys(filter(None, map(str.strip, self.fields.split(","))))]
        for name in named:
            if name in MODIFIER:
                self._stop(f"fields= names {name!r}, which every risk event has of its own")
            if name.startswith(table.MV) or "*" in name:
                self._stop(
                    f"fields= names {name!r}, which is no field; list the fields one by one, with commas between"
                )
        return named

    def stream(self, records: Iterable[Record]) -> Iterable[Record]:
        """Return the results as they are: `_execute_chunk_v2` does the work, but splunklib wants this method."""
        return records

    def _execute_chunk_v2(self, _: Any, chunk: tuple[ObjectView, str]) -> None:
        """Answer a chunk. splunklib would pass every cell through a dict: see installutil_rba_table."""
        # Only with results: parsing a search must not warn as well.
        self._warn(self.warnings)
        self.warnings = ()
        body = chunk[1]
        self.columns.update(table.read(body).header)
        self._record_writer.body = self._fast_answer(body) or wire.spooled(self.plain_path.answer(body, self.tally))
        if self._finished:
            self._sum_up()

    def _fast_answer(self, body: str) -> IO[bytes] | None:
        tally: Counter[str] = Counter()
        try:
            answer = wire.spooled(self.fast_path.annotate(body, tally)) if self.fast_path else None
        except NotPlainError:
            return None
        self.tally += tally
        return answer

    def _sum_up(self) -> None:
        """Report what is known only after all results."""
        results = sum(self.tally.values())
        self.logger.info("results=%d without_risk_object=%d", results, self.tally[rules.NO_OBJECT])
        if self.tally[rules.NO_OBJECT]:
            what = f"{self.tally[rules.NO_OBJECT]} of {results} results have no risk object"
            self.write_info(f"{what}; risk_status says why")
        if self.tally[rules.CUT]:
            what = f"{self.tally[rules.CUT]} of {results} results have more than {rules.KEPT} objects of a type"
            self._warn([f"{what}; only the first {rules.KEPT} are kept, and risk_status says how many are left out"])
        if self.tally[rules.NO_DETECTION]:
            names = ", ".join(map(repr, self.plain_path.unknown)) or "none"
            what = f"{self.tally[rules.NO_DETECTION]} of {results} results name no detection that is in force"
            self._warn([f"{what}, so nothing scores them; they name {names}"])
        if results:
            self._warn(
                f"{place}: no result of this search has the field {field!r}; correct it, or remove the row"
                for place, field in self.local_fields
                if field not in self.columns
            )

    def _warn(self, warnings: Iterable[str]) -> None:
        """Show the first of *warnings* in the job inspector, and all of them in the log."""
        told = list(warnings)
        for warning in told[:WARNINGS_SHOWN]:
            self.write_warning("{}", warning)
        if len(told) > WARNINGS_SHOWN:
            self.write_warning(f"and {len(told) - WARNINGS_SHOWN} more; rbaenrich.log has them all")
        for warning in told:
            self.logger.warning("%s", warning)

    def _protocol_v2_option_parser(self, arg: Any) -> tuple[str, str]:
        """Check an argument. splunklib would only say that it is illegal, and would lose its text at a brace."""
        name, equals, value = str(arg).partition("=")
        if not equals or name not in OPTIONS:
            self._stop(f"{arg!r} is no option; there are {', '.join(f'{option}=' for option in OPTIONS)}")
        if self.options[name].is_set:
            self._stop(f"{name}= is given twice")
        if _CONTROL.search(value):
            self._stop(f"{name}={value!r} holds a control character")
        if OPTIONS[name] and value not in OPTIONS[name]:
            self._stop(f"{name}={value!r} is not known; it can be {', '.join(OPTIONS[name])}")
        return name, value

    def _read_chunk(self, istream: BinaryIO) -> tuple[ObjectView, str] | None:
        """
        Read a frame, and keep only the metadata that this command uses.

        splunklib keeps everything that it reads, and fails if one of a dozen entries is absent. Without the rest,
        no session key is kept, memory does not grow, and whatever else splunkd sends cannot stop a search.
        """
        expected = "getinfo" if self._metadata is None else "execute"
        frame = wire.read_frame(istream)
        if frame is None and expected == "execute":
            return None
        metadata, body = frame or ({}, "")
        action = metadata.get("action")
        if action != expected or (body and expected == "getinfo"):
            raise wire.ProtocolError(f"expected a chunk of {expected}, found one of {action!r}")
        if expected == "execute":
            return ObjectView({"action": action, "finished": metadata.get("finished") is True}), body
        searchinfo = metadata.get("searchinfo")
        searchinfo = searchinfo if isinstance(searchinfo, dict) else {}
        folder = searchinfo.get("dispatch_dir")
        self.folder = folder if isinstance(folder, str) and os.path.isdir(folder) else None
        info: dict[str, Any] = dict.fromkeys(("dispatch_dir", "search", "sid", "splunk_version"), "")
        info.update(earliest_time=0, latest_time=0, args=searchinfo.get("args"))
        return ObjectView({"action": action, "preview": False, "searchinfo": ObjectView(info)}), body

    def _report_unexpected_error(self) -> None:
        """Tell the analyst in one line. splunklib shows a source file or, between two chunks, nothing."""
        error = sys.exc_info()[1]
        if isinstance(error, BrokenPipeError):
            raise error
        if isinstance(error, (wire.ProtocolError, wire.SpoolError, table.TableError)):
            text = str(error)
            self.logger.error("%s", text)
        else:
            text = f"a fault of rbaenrich itself, {error!r}: please report it with rbaenrich.log"
            self.logger.error("%s", text, exc_info=True)
        self._record_writer.is_flushed = False
        self.write_error("{}", text)

    def _stop(self, problem: str) -> NoReturn:
        """End the search with one line. splunklib's error_exit takes a brace in it for a placeholder."""
        self.write_error("{}", problem)
        self.logger.error("%s", problem)
        sys.exit(1)


def main() -> None:
    """Serve one search."""
    try:
        # Without arguments: given one, splunklib speaks the first protocol, which commands.conf does not ask for.
        dispatch(RbaEnrichCommand, sys.argv[:1], sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        # splunkd has gone, so there is nobody to tell, and the interpreter must not try once more as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    main()
