"""
`| rbaenrich [detection=<name>] [output=annotate|modifiers] [missing=<text>]`: the search command.

splunklib leads the conversation with splunkd. The rules, the lookups, the table and the frames are in modules
beside this one that know nothing of it; where splunklib does not bear broken or hostile input, one of its
methods is overridden here, and says why.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import types
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timezone
from logging.handlers import RotatingFileHandler
from typing import Any, BinaryIO, NoReturn

APP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(APP, "lib"))
# splunklib loads its REST client, a third of its start-up, for a property that this command never asks for.
sys.modules["splunklib.client"] = types.ModuleType("splunklib.client")
sys.modules["splunklib.client"].Service = None  # type: ignore[attr-defined]

# ruff: noqa: E402  (splunklib is found only now)
import installutil_rba_lookups as lookups
import installutil_rba_rules as rules
import installutil_rba_table as table
import installutil_rba_wire as wire
from installutil_rba_fast import FastPath
from installutil_rba_fields import ANNOTATION, MODIFIER
from installutil_rba_values import Record, Value
from splunklib.searchcommands import Configuration, Option, StreamingCommand, dispatch
from splunklib.searchcommands.internals import ObjectView, RecordWriterV2

# Every option, and the values that it can have; no values stand for any text. Those that splunklib adds are
# refused: `logging_configuration` names a file to run code from, and `record` writes files.
OPTIONS = {
    "detection": (),
    "output": ("annotate", "modifiers"),
    "missing": (),
    "logging_level": ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # and lone surrogates, which no reply can carry
WARNINGS_SHOWN = 10  # problems of local lookups that the job inspector lists; the log has them all


class _Writer(RecordWriterV2):  # type: ignore[misc]
    """splunklib's writer, but the body comes as `body`, once, in the pieces and the bytes that it leaves in."""

    body: Sequence[bytes] = ()

    def _write_chunk(self, metadata: Iterable[tuple[str, Any]], _: str) -> None:
        body, self.body = self.body, ()
        wire.write_frame(self.ofile, {name: value for name, value in metadata if value is not None}, body)
        self.is_flushed = True


class _Log(RotatingFileHandler):
    """The log of the command; that it cannot be written must not disturb a search."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Say nothing: there is nowhere to say it."""


# On the search head only: after `join` and `table` it runs there anyway, and indexers are not sent lib/.
@Configuration(distributed=False)
class RbaEnrichCommand(StreamingCommand):  # type: ignore[misc]
    """Adds the risk of one detection to each result, or turns each result into risk events."""

    detection = Option()
    output = Option(default="annotate")
    missing = Option(default="unknown")

    def __init__(self) -> None:
        """Prepare a log where there is a Splunk to keep it."""
        super().__init__()
        self.results = self.without_object = 0
        home = os.environ.get("SPLUNK_HOME")
        if home:
            path = os.path.join(home, "var", "log", "splunk", "rbaenrich.log")
            log = _Log(path, maxBytes=5_000_000, backupCount=3, encoding="utf-8", delay=True)
            log.setFormatter(logging.Formatter("%(asctime)s %(levelname)s pid=%(process)d %(message)s"))
            self.logger.addHandler(log)
            self.logger.propagate = False

    def prepare(self) -> None:
        """Read the lookups. It also runs when a search is only parsed, so a mistake shows as it is typed."""
        self._record_writer: Any = _Writer(self._record_writer.ofile)
        try:
            self.lookups = lookups.load(APP, self.detection, datetime.now(timezone.utc).date())
        except lookups.ConfigurationError as error:
            self._stop(str(error))
        self.fields_read = rules.fields_read(self.lookups)
        self.fast_path = FastPath(self.lookups, self.missing)
        self.warnings = self.lookups.warnings
        self.logger.info("detection=%r output=%s", self.lookups.detection.name, self.output)

    def stream(self, records: Iterable[Record]) -> Iterator[dict[str, Value]]:
        """Yield the risk fields of each result; in modifiers, its risk events."""
        for record in records:
            finding = rules.annotate(self.lookups, record, self.missing)
            self.results += 1
            self.without_object += finding["risk_status"] != rules.SCORED
            if self.output == "annotate":
                yield finding
            else:
                yield from rules.modifiers(self.lookups, record, finding)

    def _execute_chunk_v2(self, process: Any, chunk: tuple[ObjectView, str]) -> None:
        """Answer a chunk. splunklib would pass every cell through a dict: see installutil_rba_table."""
        self._warn()
        answer = self.fast_path.annotate(chunk[1]) if self.output == "annotate" else None
        if answer:
            self.results += answer.results
            self.without_object += answer.without_object
        self._record_writer.body = answer.body if answer else [wire.encoded(self._plain_answer(process, chunk[1]))]
        if self._finished:
            self._count()

    def _plain_answer(self, process: Any, body: str) -> str:
        results = table.read(body)
        records = process(results.records(self.fields_read))
        if self.output == "annotate":
            return table.write(results.with_fields(ANNOTATION, records))
        return table.write(table.made_of(MODIFIER, records))

    def _warn(self) -> None:
        """Tell what is wrong in local lookups, once, and with results: parsing a search must not warn too."""
        for warning in self.warnings[:WARNINGS_SHOWN]:
            self.write_warning("{}", warning)
        if len(self.warnings) > WARNINGS_SHOWN:
            self.write_warning(f"and {len(self.warnings) - WARNINGS_SHOWN} more; rbaenrich.log has them all")
        for warning in self.warnings:
            self.logger.warning("%s", warning)
        self.warnings = ()

    def _count(self) -> None:
        self.logger.info("results=%d without_risk_object=%d", self.results, self.without_object)
        if self.without_object:
            what = f"{self.without_object} of {self.results} results have no risk object"
            self.write_info(f"{what}; risk_status says why")

    def _protocol_v2_option_parser(self, arg: Any) -> tuple[str, str]:
        """Check an argument. splunklib would only say that it is illegal, and lose its text at a brace."""
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
        Read a frame, and of its metadata what this command uses.

        splunklib keeps all that it reads and fails where one of a dozen entries is absent. Without the rest,
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
        info: dict[str, Any] = dict.fromkeys(("dispatch_dir", "search", "sid", "splunk_version"), "")
        info.update(earliest_time=0, latest_time=0)
        info["args"] = searchinfo.get("args") if isinstance(searchinfo, dict) else None
        return ObjectView({"action": action, "preview": False, "searchinfo": ObjectView(info)}), body

    def _report_unexpected_error(self) -> None:
        """Tell the analyst in one line. splunklib shows a source file, and between two chunks nothing."""
        error = sys.exc_info()[1]
        if isinstance(error, BrokenPipeError):
            raise error
        if isinstance(error, (wire.ProtocolError, table.TableError)):
            text = str(error)
            self.logger.error("%s", text)
        else:
            text = f"a fault of rbaenrich itself, {error!r}: please report it with rbaenrich.log"
            self.logger.error("%s", text, exc_info=True)
        self._record_writer.is_flushed = False
        self.write_error("{}", text)

    def _stop(self, problem: str) -> NoReturn:
        """End the search with one line. splunklib's error_exit takes a brace in it for a place to fill."""
        self.write_error("{}", problem)
        self.logger.error("%s", problem)
        sys.exit(1)


def main() -> None:
    """Serve one search."""
    try:
        # No arguments: with one, splunklib speaks the first protocol, which commands.conf does not ask for.
        dispatch(RbaEnrichCommand, sys.argv[:1], sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        # splunkd has gone, so there is nobody to tell; nor must the interpreter try once more as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    main()
