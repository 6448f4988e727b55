"""Windows event XML: one <Event …>…</Event> after another, read exactly, by lxml, one event at a time.

Source of the form: the Event schema, http://schemas.microsoft.com/win/2004/08/events/event.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import numpy as np
from lxml import etree

from splreplay.errors import DataError
from splreplay.logs.events import Columns, Event, Item, UnreadableEventError, batches, epoch, event_id
from splreplay.logs.names import RENDERING, SYSTEM
from splreplay.logs.opening import Log, whole
from splreplay.logs.report import LISTED, UNLISTED, BadEvent

# What follows the name matters: <EventData> and <Events> are other elements.
START = re.compile(rb"<Event(?=[\s>])")
DTD = b"<!DOCTYPE"
EVENT_END = b"</Event>"
END = re.compile(rb"</Event\s{0,8}>")
# Between two events, only the rest of a broken event has end tags, besides that of the root.
REMAINS = re.compile(rb"</(?!Events\s{0,8}>)")

CDATA_START, CDATA_END = b"<![CDATA[", b"]]>"
CDATA = re.compile(re.escape(CDATA_START) + b".*?" + re.escape(CDATA_END), re.DOTALL)
COMMENT_START, COMMENT_END = b"<!--", b"-->"
COMMENT_OR_TAG = re.compile(b"<!--(?P<comment>.*?)-->|(?P<start>%b)|%b" % (START.pattern, END.pattern), re.DOTALL)
# Something that looks like a CDATA section or a comment is neither if it has no end within so many bytes.
MAX_OPEN_BYTES = 16 << 20

# An event with System, EventID and time has more bytes.
EVENT_BYTES = 64

# Characters that XML 1.0 does not allow, not even escaped (section 2.2).
ILLEGAL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
REFERENCE = re.compile(r"&#(?:x([0-9A-Fa-f]+)|([0-9]+));")


# These elements of System have no text.
ATTRIBUTES_ALONE = ("Provider", "TimeCreated", "Correlation", "Execution", "Security")


class Parts(NamedTuple):
    """The texts of an event, as in Event; None for one that it lacks."""

    provider: str
    event_id: str
    time: str
    computer: str | None
    channel: str | None
    values: Mapping[str, str]
    raw: str


def read(log: Log, columns: Columns) -> Iterator[Item]:
    """Read a log; DataError if it has a DTD, which no event log has and which is never read."""
    parser = Parser()
    return batches(chain.from_iterable(rows(parser, log.path, *piece) for piece in pieces(log)), columns)


def pieces(log: Log) -> Iterator[tuple[int, bytes]]:
    """Cut a log into large pieces of whole events, each with its offset; events in comments are blanked."""
    offset, piece = 0, b""
    for _, more in whole(log, EVENT_END, END):
        piece += more
        hiding = _may_hide(piece)
        ready = _ready(piece) if hiding else len(piece)
        if ready:
            yield offset, _uncommented(piece[:ready]) if hiding else piece
            offset, piece = offset + ready, piece[ready:]
    if piece:
        yield offset, _uncommented(piece)


def rows(parser: Parser, path: str, offset: int, content: bytes) -> Iterator[Event | BadEvent]:
    """Read one piece of the log at *path*, which begins at *offset* and ends after an event.

    Bad events that are too short for an event are only parsed as long as they are still listed.
    """
    marked = _marked(content)
    bad = 0
    for begin, end in _edges(marked):
        piece, mark = content[begin:end], marked[begin:end]
        items: Iterable[Event | BadEvent] = _piece(parser, path, offset + begin, piece, mark, bad)
        if mark != piece:
            items = list(items)
            if not any(isinstance(item, Event) for item in items):
                # What looks like a CDATA section may begin in the rest of a broken event and end in another event.
                items = _parts(parser, path, offset + begin, piece, bad)
        for item in items:
            bad += isinstance(item, BadEvent)
            yield item


def hides_ends(content: bytes) -> bool:
    """Return whether CDATA sections contain ends of events, so that events cannot be read one by one."""
    marked = _marked(content)
    return marked is not content and len(END.findall(marked)) < len(END.findall(content))


def _ready(content: bytes) -> int:
    """Return where the last event ends before a CDATA section or a comment that is still open; the length if none is open."""
    marked = _marked(content)
    opened = min(_opened(marked, CDATA_START, CDATA_END), _opened(marked, COMMENT_START, COMMENT_END))
    if opened == len(content):
        return opened
    ready = 0
    for match in COMMENT_OR_TAG.finditer(marked, 0, opened):
        if match["comment"] is None and match["start"] is None:
            ready = match.end()
    return ready if len(content) - ready <= MAX_OPEN_BYTES else len(content)


def _opened(content: bytes, start: bytes, end: bytes) -> int:
    """Return the place of the first *start* without an *end* after it; the length if there is none."""
    at = content.find(start, content.rfind(end) + 1)
    return at if at >= 0 else len(content)


def _may_hide(content: bytes) -> bool:
    """Return whether *content* has `<!`. Most logs do not, and searching for one byte is far faster than for several."""
    if b"!" not in content:
        return False
    text = np.frombuffer(content, np.uint8)
    return bool((text[np.flatnonzero(text == ord("!")) - 1] == ord("<")).any())


def _uncommented(content: bytes) -> bytes:
    """Return *content*, in its length, with blanks in the place of events in comments.

    A comment inside of an event, or with anything but events, is left as it is: it may begin in the rest of a broken event
    and end in another event.
    """
    if COMMENT_START not in content:
        return content
    parts, at, inside = [], 0, False
    marked = _marked(content)
    for match in COMMENT_OR_TAG.finditer(marked, 0, marked.rfind(COMMENT_END) + len(COMMENT_END)):
        if match["comment"] is None:
            inside = match["start"] is not None
        elif not inside and _are_events(match["comment"]):
            begin, end = match.span("comment")
            parts += [content[at:begin], b" " * (end - begin)]
            at = end
    return b"".join([*parts, content[at:]])


def _are_events(marked: bytes) -> bool:
    """Return whether there are whole events, and no other tags before, between or after them."""
    *events, rest = END.split(marked)
    starts = [[match.start() for match in START.finditer(event)] for event in events]
    return bool(events) and b"<" not in rest and starts == [[event.find(b"<")] for event in events]


def _marked(content: bytes) -> bytes:
    """Return *content*, in its length, with nothing in its CDATA sections that looks like a tag."""
    if not _may_hide(content) or CDATA_START not in content:
        return content
    # After the last end there is no section, and searching from each start there would take forever.
    last = content.rfind(CDATA_END) + len(CDATA_END)
    return CDATA.sub(lambda section: b"x" * len(section[0]), content[:last]) + content[last:]


def _edges(marked: bytes) -> Iterator[tuple[int, int]]:
    """Yield the begin and end of each part that ends after an event, and of the rest."""
    begin = 0
    for match in END.finditer(marked):
        yield begin, match.end()
        begin = match.end()
    if begin < len(marked):
        yield begin, len(marked)


def _parts(parser: Parser, path: str, offset: int, piece: bytes, bad: int) -> Iterator[Event | BadEvent]:
    """Read one piece as if it had no CDATA sections."""
    for first, last in _edges(piece):
        part = piece[first:last]
        yield from _piece(parser, path, offset + first, part, part, bad)


def _piece(parser: Parser, path: str, offset: int, piece: bytes, marked: bytes, bad: int) -> Iterator[Event | BadEvent]:
    """Read one piece, whose tags *marked* shows; *bad* is the number of bad events before it."""
    starts = START.finditer(marked)
    first = next(starts, None)
    before = marked[: first.start()] if first else marked
    if DTD in before:
        advice = "this file has a DTD, which is refused: delete it, an event log needs none"
        raise DataError(advice, path, f"offset {offset}")
    if REMAINS.search(before):
        yield BadEvent(f"offset {offset}", "this is not a whole event")
    if not first:
        return
    # If an event lacks its end, the piece has two starts, and only the last event can be whole.
    start = first.start()
    for later in starts:
        yield BadEvent(f"offset {offset + start}", "this event has no end") if bad < LISTED else UNLISTED
        bad += 1
        start = later.start()
    if bad >= LISTED and len(piece) - start < EVENT_BYTES:
        yield UNLISTED
        return
    try:
        yield parser.event(piece[start:])
    except UnreadableEventError as error:
        yield BadEvent(f"offset {offset + start}", str(error))


class Parser:
    """Turns the XML of one event into an Event."""

    def __init__(self) -> None:
        """Read every value."""
        self._lxml = etree.XMLParser(
            encoding="utf-8",
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=True,  # an event may be larger than 10 MB, and without a DTD nothing in it can grow
            remove_comments=True,
            remove_pis=True,
        )

    def event(self, xml: bytes) -> Event:
        """Return the event; UnreadableEventError if *xml* is not one whole event."""
        parts = self.parts(xml)
        identifier, time = event_id(parts.event_id), epoch(parts.time)
        return Event(parts.provider, identifier, time, parts.computer, parts.channel, parts.values, parts.raw)

    def parts(self, xml: bytes) -> Parts:
        """Return the event's texts; UnreadableEventError if *xml* is not well-formed."""
        provider, identifier, time, computer, channel = "", "", "", None, None
        values: dict[str, str] = {}
        root, raw = self._tree(xml)
        for section in root:
            name = _local(section.tag)
            if name == "System":
                for item in section:
                    tag = _local(item.tag)
                    for attribute, text in item.attrib.items():
                        if (tag, attribute) != ("Provider", "Name"):
                            values.setdefault(SYSTEM + _local(attribute), text)
                    match tag:
                        case "Provider":
                            provider = item.get("Name", "")
                        case "EventID":
                            identifier = _text(item)
                        case "TimeCreated":
                            time = item.get("SystemTime", "")
                        case "Computer":
                            computer = _text(item)
                        case "Channel":
                            channel = _text(item)
                        case _ if tag not in ATTRIBUTES_ALONE:
                            values.setdefault(SYSTEM + tag, _text(item))
            elif name == "EventData":
                for element in section:
                    if field := element.get("Name"):
                        values.setdefault(field, _text(element))
            elif name == "UserData":
                for element in section.iterdescendants():
                    if not len(element):
                        values.setdefault(element.get("Name") or _local(element.tag), element.text or "")
            elif name == "RenderingInfo":
                for element in section:
                    values.setdefault(RENDERING + _local(element.tag), _text(element))
        return Parts(provider, identifier, time, computer, channel, values, raw.decode("utf-8", "replace"))

    def _tree(self, xml: bytes) -> tuple[etree._Element, bytes]:
        """Return the event's tree, and its text, repaired where it had to be."""
        try:
            return etree.fromstring(xml, self._lxml), xml
        except etree.XMLSyntaxError as error:
            # A forwarder passes on any bytes of a command line, and Splunk reads them, so a bad byte must not hide
            # the event.
            repaired = _legal(xml)
            if repaired == xml:
                raise UnreadableEventError(f"this is not well-formed XML: {error.msg}") from None
        try:
            return etree.fromstring(repaired, self._lxml), repaired
        except etree.XMLSyntaxError as error:
            raise UnreadableEventError(f"this is not well-formed XML: {error.msg}") from None


def _legal(xml: bytes) -> bytes:
    """Replace by U+FFFD what is not UTF-8 or not a character of XML."""
    text = ILLEGAL.sub("\ufffd", xml.decode("utf-8", "replace"))
    return REFERENCE.sub(_legal_reference, text).encode()


def _legal_reference(match: re.Match[str]) -> str:
    digits, base = (match[1], 16) if match[1] else (match[2], 10)
    digits = digits.lstrip("0") or "0"
    legal = len(digits) < 8 and (code := int(digits, base)) < 0x110000 and not ILLEGAL.match(chr(code))
    return match[0] if legal else "\ufffd"


@lru_cache(maxsize=256)
def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _text(element: etree._Element) -> str:
    return "".join(element.itertext()) if len(element) else element.text or ""
