"""What a Splunk answered: one JSON file that grows while it is asked, and the same as a page to read.

It holds no host name, user, token or event of the site. What was found is kept only of searches that make all their rows
themselves; of a search that reads the site's data, only whether it runs. What Splunk says of a search is cut, and names of the site
in it are struck out.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from splreplay.ask import questions
from splreplay.errors import UsageError
from splreplay.output import printable
from splreplay.writing import write_whole

FORM = 1
STRUCK = "[…]"
MESSAGE_MAX = 300
ROWS_MAX, FIELDS_MAX, TEXT_MAX = 20, 100, 500  # of what is kept: rows or values, fields of a row, and characters
READ_MAX = 2_000  # characters of a message that are searched for names
# What may name a place: an address of the web or of mail, three or more words with dots, an IP address, a path, a GUID, a host with
# its port, and the search peer, by that name or in brackets at the start, which may stand behind others.
NAMES = re.compile(
    r"(?:^|(?<=[\]:] ))\[[^\]]*\]|(?<=peer named )\S+|(?<=earch peer )\S+|\w+://\S+|\S+@\S+|\b[\w-]+(?:\.[\w-]+){2,}\b|(?<![\w.])[\da-fA-F]*:[\da-fA-F:]*:[\da-fA-F:]*"
    r"|(?:/[\w.-]+){2,}|\b[A-Za-z]:\\\S+|\b[\da-fA-F]{8}(?:-[\da-fA-F]{4}){3}-[\da-fA-F]{12}\b|\b[\w.-]+:\d{2,5}\b"
)
SECTIONS = {
    "questions": "The points on which the documentation is silent",
    "language": "The language: the vectors of tests/vectors",
    "app": "The app, as it is installed there",
    "written": "The recording that was sent, finding by finding",
}
VERDICTS = {
    "agrees": "Splunk finds what replay finds",
    "differs": "Splunk finds something else",
    "runs": "Splunk runs it, or has it",
    "refused": "Splunk does not run it, or does not have it",
    "slow": "Splunk did not answer in time; it is asked again the next time",
    "lacking": "Not asked, for something that the site lacks, which is no fault",
}
SETTLED = ("agrees", "runs")
OPEN = ("slow", "lacking")  # these are asked again


@dataclass
class Answer:
    """What was answered so far, in the file *path*.

    Attributes:
        path: The JSON file; the page is beside it.
        version: Of Splunk.
        private: Words that must not be in the file: the host, the server's name, the user, the password, the token, the session's key.
        apps: The versions of the apps that matter and are there.
        lacks: What the site does not have, in sentences.
        left_out: What was not asked as it stands, and why, in sentences.
        found: For each section and each name in it, a record: the `verdict`, the `asked` search in short, and what goes with them.
    """

    path: Path
    version: str
    private: Sequence[str]
    apps: dict[str, str] = field(default_factory=dict)
    lacks: Sequence[str] = ()
    left_out: Sequence[str] = ()
    found: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def has(self, section: str, name: str, search: str) -> bool:
        """Return whether a search was answered, and not only asked."""
        record = self.found.get(section, {}).get(name, {})
        return record.get("asked") == digest(search) and record.get("verdict") not in OPEN

    def add(self, section: str, name: str, search: str, verdict: str, **more: Any) -> None:
        """Put in what was answered to a search, which is shown where that is no agreement."""
        shown = {"search": search} if verdict in ("differs", "refused") else {}
        record = {"verdict": verdict, "asked": digest(search)} | shown | self._clean(more)
        self.found.setdefault(section, {})[name] = record

    def write(self) -> None:
        """Write the file, whole or not at all, and the page beside it."""
        apps = {name: self._clean(re.sub(r"[^\w.+-]", "", version)[:20]) for name, version in self.apps.items()}
        about = {"form": FORM, "splunk": self.version, "apps": apps, "lacks": self.lacks, "left_out": self.left_out}
        content = about | self.found
        write_whole(self.path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
        write_whole(self.path.with_suffix(".md"), page(content).encode("utf-8", "replace"))

    def told(self, message: str) -> str:
        """Return what Splunk says of a search, without what may name a place, and cut."""
        text = self._struck(message)  # whole, as half a word is not known any more
        if len(text) > READ_MAX:
            text = text[:READ_MAX].rpartition(" ")[0]
        return printable(_cut(NAMES.sub(STRUCK, text), MESSAGE_MAX))

    def _clean(self, value: Any) -> Any:
        """Return *value*, whatever it is made of, without the private words, and cut."""
        if isinstance(value, Mapping):
            return {self._clean(name): self._clean(inner) for name, inner in islice(value.items(), FIELDS_MAX)}
        if isinstance(value, list):
            return [self._clean(inner) for inner in value[:ROWS_MAX]]
        return _cut(self._struck(value), TEXT_MAX)

    def _struck(self, text: str) -> str:
        return self._words.sub(STRUCK, text) if self._words else text

    @cached_property
    def _words(self) -> re.Pattern[str] | None:
        """The private words, also as an address or a page writes them, the longest first."""
        words = {form(word) for word in self.private if word.strip() for form in (str, html.escape, _quoted)}
        alternatives = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
        # `_` ends a word, too: the id of a search is user__user__app__….
        return re.compile(rf"(?<![^\W_])(?:{alternatives})(?![^\W_])", re.I) if words else None


def _quoted(word: str) -> str:
    return quote(word, safe="")


def take_up(path: Path, version: str, private: Sequence[str]) -> Answer:
    """Return the answer that *path* holds, or a new one; UsageError if the file is another Splunk's, or none of ours."""
    answer = Answer(path, version, private)
    if not path.exists():
        return answer
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        form, of = held["form"], held["splunk"]
        answer.found = {section: held[section] for section in SECTIONS if section in held}
        for records in answer.found.values():
            Counter(VERDICTS[record["verdict"]] for record in records.values())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} is there, and is no answer of a Splunk", "name another file with --output") from error
    if (form, of) != (FORM, version):
        raise UsageError(
            f"{path} holds the answer of a Splunk {of}; this is {version}", "name another file with --output"
        )
    return answer


def digest(search: str) -> str:
    """Return a search in short, by which a change of it is known."""
    return hashlib.sha256(search.encode("utf-8", "replace")).hexdigest()[:12]


def comparable(rows: Sequence[Mapping[str, Any]], replay: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows as they are compared with those of *replay*.

    Splunk adds internal fields (`_span` behind timechart) that replay does not have, and writes `_time` as a date. A list of one
    value is that value.
    """
    known = {name for row in replay for name in row}
    return [
        {name: _plain(name, value) for name, value in sorted(row.items()) if name in known or not name.startswith("_")}
        for row in rows
    ]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return str(value[0]) if len(value) == 1 else [str(one) for one in value]
    return _seconds(str(value)) if name == "_time" else str(value)


def _seconds(text: str) -> str:
    """Return a time, a date or seconds since the epoch, as seconds; what is none, as it is."""
    try:
        return f"{float(text):.3f}"
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
        return f"{(moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp():.3f}"
    except (ValueError, OverflowError):
        return text


def page(content: Mapping[str, Any]) -> str:
    """Return the content of an answer file as a page; what comes from Splunk is in indented blocks alone."""
    return "\n".join(_lines(content)) + "\n"


def _lines(content: Mapping[str, Any]) -> Iterator[str]:
    yield f"# What a Splunk {_code(content['splunk'])} answered"
    yield ""
    yield "Asked by `splreplay ask`. Names of the site are struck out: […]."
    yield ""
    apps = [f"{_code(name)} {_code(version)}" for name, version in content["apps"].items()]
    yield f"Apps that matter here: {', '.join(apps) or 'none'}."
    for what, title in (
        ("lacks", "What the site lacks, which is no fault"),
        ("left_out", "What was left out, and why"),
    ):
        if content[what]:
            yield from ("", f"{title}:", "", *(f"- {printable(text)}" for text in content[what]))
    asked = {question.id: question for question in questions.load()}
    for section, title in SECTIONS.items():
        records = content.get(section, {})
        if not records:
            continue
        yield from ("", f"## {title}", "", "| | |", "|---|---|")
        counts = Counter(record["verdict"] for record in records.values())
        yield from (f"| {said} | {counts[verdict]} |" for verdict, said in VERDICTS.items() if counts[verdict])
        settled = [name for name, record in records.items() if record["verdict"] in SETTLED]
        if settled and section != "language":  # whose hundreds of claims are in the JSON file
            yield from ("", f"As expected: {', '.join(map(_code, settled))}.")
        for name, record in records.items():
            if name in settled:
                continue
            yield from ("", f"### {_code(name)}", "", f"{VERDICTS[record['verdict']]}.")
            if section == "questions" and (question := asked.get(name)):
                yield from ("", f"Assumed: {question.assumed}.")
                if meaning := question.means(record["verdict"]):
                    yield from ("", meaning)
            for what in ("search", "splunk", "replay", "message"):
                if what in record:
                    said = record[what]
                    text = printable(said if isinstance(said, str) else json.dumps(said, ensure_ascii=False))
                    yield from ("", f"{what.capitalize()}:", "", f"    {text}")
    yield from ("", "## To be looked at by hand", "", "These were not asked:", "")
    for question in asked.values():
        if not question.search:
            yield f"- {_code(question.id)}: {question.asks} Assumed: {question.assumed}."


def _code(text: str) -> str:
    """Return a text as code within a sentence."""
    return "`" + printable(str(text)).replace("`", "'") + "`"
