"""What a Splunk answered: one JSON file that grows while it is asked, and the same as a page to read.

It holds no host name, user, token or event of the site. What was found is kept only of searches that make all their rows
themselves; of a search that reads the site's data, only whether it runs. What Splunk says of a search is cut, and names of the site
in it are struck out.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from splreplay.ask import questions
from splreplay.errors import UsageError
from splreplay.output import printable
from splreplay.writing import write_whole

FORM = 1
STRUCK = "[…]"
MESSAGE_MAX = 300
# What may name a place: an address of the web or of mail, three or more words with dots, an IP address, a path, a GUID, and the
# search peer in brackets at the start.
NAMES = re.compile(
    r"^\[[^\]]*\]|\w+://\S+|\S+@\S+|\b[\w-]+(?:\.[\w-]+){2,}\b|(?<![\w.])[\da-fA-F]*:[\da-fA-F:]*:[\da-fA-F:]*"
    r"|(?:/[\w.-]+){2,}|\b[A-Za-z]:\\\S+|\b[\da-fA-F]{8}(?:-[\da-fA-F]{4}){3}-[\da-fA-F]{12}\b"
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
    "runs": "Splunk runs it",
    "refused": "Splunk does not run it",
    "slow": "Splunk did not answer in time; it is asked again the next time",
}


@dataclass
class Answer:
    """What was answered so far, in the file *path*.

    Attributes:
        path: The JSON file; the page is beside it.
        version: Of Splunk.
        private: Words that must not be in the file: the host, the server's name, the user, the token.
        apps: The versions of the apps that matter and are there.
        found: For each section and each name in it, a record: the `verdict`, the `asked` search in short, and what goes with them.
    """

    path: Path
    version: str
    private: Sequence[str]
    apps: dict[str, str] = field(default_factory=dict)
    found: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def has(self, section: str, name: str, search: str) -> bool:
        """Return whether a search was answered, and not only asked."""
        record = self.found.get(section, {}).get(name, {})
        return record.get("asked") == digest(search) and record.get("verdict") != "slow"

    def add(self, section: str, name: str, search: str, verdict: str, **more: Any) -> None:
        """Put in what was answered to a search, which is shown where that is no agreement."""
        shown = {"search": search} if verdict in ("differs", "refused") else {}
        record = {"verdict": verdict, "asked": digest(search)} | shown | self._clean(more)
        self.found.setdefault(section, {})[name] = record

    def write(self) -> None:
        """Write the file, whole or not at all, and the page beside it."""
        content = {"form": FORM, "splunk": self.version, "apps": self.apps} | self.found
        write_whole(self.path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
        write_whole(self.path.with_suffix(".md"), page(content).encode("utf-8", "replace"))

    def _clean(self, value: Any) -> Any:
        """Return *value*, whatever it is made of, without the private words."""
        if isinstance(value, Mapping):
            return {self._clean(name): self._clean(inner) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._clean(inner) for inner in value]
        if isinstance(value, str):
            for word in self.private:
                value = (
                    re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", lambda _: STRUCK, value, flags=re.I) if word else value
                )
        return value


def take_up(path: Path, version: str, private: Sequence[str]) -> Answer:
    """Return the answer that *path* holds, or a new one; UsageError if the file is another Splunk's, or none of ours."""
    answer = Answer(path, version, private)
    if not path.exists():
        return answer
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        form, of = held.pop("form"), held.pop("splunk")
        answer.apps, answer.found = held.pop("apps"), held
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


def told(message: str) -> str:
    """Return what Splunk says of a search, without what may name a place, and cut."""
    struck = NAMES.sub(STRUCK, message)
    return printable(struck if len(struck) <= MESSAGE_MAX else f"{struck[:MESSAGE_MAX]}…")


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
        return f"{datetime.fromisoformat(text).timestamp():.3f}"
    except ValueError:
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
    asked = {question.id: question for question in questions.load()}
    for section, title in SECTIONS.items():
        records = content.get(section, {})
        if not records:
            continue
        yield from ("", f"## {title}", "", "| | |", "|---|---|")
        counts = Counter(record["verdict"] for record in records.values())
        yield from (f"| {said} | {counts[verdict]} |" for verdict, said in VERDICTS.items() if counts[verdict])
        for name, record in records.items():
            if record["verdict"] in ("agrees", "runs"):
                continue
            yield from ("", f"### {_code(name)}", "", f"{VERDICTS[record['verdict']]}.")
            if section == "questions" and (question := asked.get(name)):
                yield from ("", f"Assumed: {question.assumed}.")
                if question.differs:
                    yield from ("", question.differs)
            for what in ("search", "splunk", "replay", "message"):
                if what in record:
                    yield from ("", f"{what.capitalize()}:", "", f"    {json.dumps(record[what], ensure_ascii=False)}")
    yield from ("", "## To be looked at by hand", "", "No one search answers these:", "")
    yield from (f"- {_code(question.id)}: {question.asks}" for question in asked.values() if not question.search)


def _code(text: str) -> str:
    """Return a text as code within a sentence."""
    return "`" + printable(str(text)).replace("`", "'") + "`"
