"""
Throws damaged and hostile logs at the readers, and checks the outcome of each.

    python -m tests.logs.fuzz [--cases 50000] [--seed 1]

A case is a log of a few events. Some of its bytes are then cut, doubled, replaced or hidden in another encoding. It may have
very many short lines, be compressed as many members and then damaged, or declare an encoding that documents do not have.
It may result only in events, bad events and our own errors. The events that were left alone must be there, and
the fast readers must give what the exact ones give. The same seed makes the same logs.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import itertools
import json
import random
import re
import signal
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from splreplay.cim import FIELDS
from splreplay.errors import DataError
from splreplay.logs import opening
from splreplay.logs.events import COMMON, Columns, Item
from splreplay.logs.formats import FORMATS, recognised, xml
from splreplay.logs.formats.evtx import decoder
from splreplay.logs.formats.json import exact as jsonl
from splreplay.logs.names import Wanted
from splreplay.logs.opening import Log
from splreplay.logs.report import BadEvents
from tests.logs.evtx_writer import write_evtx
from tests.logs.json_forms import DOCUMENTS, FORMS, csv_rows, records

HANG_S = 20
SIZES = [
    (opening, "BLOCK_BYTES"),
    (opening, "TAIL_BYTES"),
    (opening, "SLICE_BYTES"),
    (jsonl, "MAX_LINES"),
    (decoder, "PIECE_BYTES"),
    (xml, "SMALL_BYTES"),
]
RECORDINGS = Path(__file__).resolve().parents[1] / "recordings"
SNIPPETS = [
    *(
        b"<",
        b">",
        b"&",
        b"'",
        b'"',
        b"/",
        b"]]>",
        b"<!DOCTYPE x>",
        b"]",
        b"\0",
        b"\1",
        b"\r",
        b"\r\n",
        b"\n",
        b"\t",
        b" ",
        b"=",
        b"\x7f",
    ),
    *(
        b"\xff",
        b"\xc3",
        b"\xef\xbf\xbe",
        b"\xef\xbf\xbd",
        b"\xed\xa0\x80",
        "é😀".encode(),
        b"\xc2\x85",
        "\ue000".encode(),
    ),
    *(b"&amp;", b"&lt;", b"&quot;", b"&#10;", b"&#x1;", b"&#xD800;", b"&x;", b"&#38;#38;", b"&amp"),
    *(b"<!--", b"-->", b"<!-- a -->", b"<![CDATA[", b"<![CDATA[a]]>", b"<?a b?>", b"<?xml version='1.0'?>"),
    *(b"<Event>", b"</Event>", b"</Event >", b"<Event ", b"<Events>", b"</Events>", b"<e:Event>", b"</System>"),
    *(b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>", b"<!ENTITY x 'y'>"),
    *(b"<Data Name='Image'>", b"<Data>", b"<Data/>", b"</Data>", b" Name='User'", b" xmlns:e='a'", b" xmlns='b'"),
    *(b"<EventID>3</EventID>", b"<TimeCreated SystemTime='2020-01-01T00:00:00Z'/>", b"9" * 40, b"a" * 300),
    *(b'\\"', b"\\u0000", b"\\ud800", b"\\", b"{", b"}", b"[", b"null", b"1.50", b"1e999", b"NaN", b'"Image":', b","),
    *(
        b",}",
        b", ]",
        b"{}",
        b"[]",
        b'["a"]',
        b"-0",
        b"007",
        b"-inf",
        b":",
        b": ",
        b" :",
        b'"',
        b"\\/",
        b"\\u0049mage",
        b"true",
    ),
    *(
        b'"Image": 1.5, ',
        b'"Image": {"a": [1]}, ',
        b'"Image": "b", ',
        b'"User": -0, ',
        b'"EventID": "7", ',
        b'"a": nan, ',
    ),
    *(
        b'"winlog": null, ',
        b'"winlog": {}, ',
        b'"winlog": 1, ',
        b'"HostName": "h", ',
        b'"Computer": "", ',
        b'"Provider": "", ',
    ),
]
WRAPS: Sequence[Callable[[bytes], bytes]] = [
    lambda content: b"\xef\xbb\xbf" + content,
    lambda content: content.decode("utf-8", "replace").encode("utf-16"),
    lambda content: b"<?xml version='1.0' encoding='windows-1252'?>" + content,
    lambda content: b"<?xml version='1.0' encoding='koi8-r' ?>" + content,
    lambda content: b"<Events>" + content + b"</Events>",
    gzip.compress,
    lambda content: gzip.compress(content)[: -random.Random(len(content)).randrange(1, 60)],
    lambda content: members(random.Random(len(content)), content),
    lambda content: b"<?xml version='1.0' encoding='Shift_JIS'?>" + content,
]
FORM_WRAPS = [lambda content: content, lambda content: content, WRAPS[0], gzip.compress]
# Not all of them are encodings, or encodings of documents.
DECLARED = [
    "unicode_escape",
    "raw-unicode-escape",
    "utf-7",
    "cp037",
    "charmap",
    "gb18030",
    "euc-jp",
    "big5",
    "UTF-16",
    "hz",
]
DECLARED += [
    "iso-8859-7",
    "macintosh",
    "iso2022_kr",
    "punycode",
    "idna",
    "undefined",
    "zlib",
    "mbcs",
    "\\",
    "utf-32",
    "ascii",
]
# Bad events, each shorter than any event can be.
SHORT = {
    "xml": [
        b"</Event>",
        b"<Event>",
        b"<Event></Event>",
        b"<a></Event>\n",
        b"<Event><![CDATA[]]></Event>",
        b"<!--</Event>-->",
    ],
    "json": [b"{}\n", b"\n", b"1\n", b"{\n", b" \0\n{}\n", b'{"a": "0123456789012345678901234567890"}\n'],
}


def members(random_: random.Random, content: bytes) -> bytes:
    """Return the bytes as gzip members of any size, some of them empty, some followed by zeros."""
    cuts = sorted(random_.choices(range(len(content) + 1), k=random_.choice([1, 5, 50])))
    parts = [content[start:end] for start, end in itertools.pairwise([0, *cuts, len(content)])]
    return b"".join(
        gzip.compress(part, random_.choice([0, 1, 9]), mtime=0) + bytes(random_.choice([0, 0, 9])) for part in parts
    )


def flipped(random_: random.Random, content: bytes) -> tuple[bytes, bytes]:
    """Return the bytes as damaged gzip data, and what can be uncompressed before the damage."""
    packed = bytearray(random_.choice([gzip.compress(content, mtime=0), members(random_, content)]))
    at = random_.choice([random_.randrange(len(packed)), len(packed) - random_.randrange(1, 30)])
    packed[at] ^= 1 << random_.randrange(8)
    rest, text = bytes(packed[:at]), b""
    while rest:
        member = zlib.decompressobj(wbits=31)
        text += member.decompress(rest)
        rest = member.unused_data.lstrip(b"\0")
    return bytes(packed), text


def xml_events() -> list[bytes]:
    """Return the events of the recordings, and some of other providers."""
    text = b"".join(path.read_bytes() for path in sorted(RECORDINGS.glob("*.xml")))
    events = [event + b"</Event>" for event in text.split(b"</Event>\n")[:-1]]
    others = [event.replace(b"-Sysmon", b"-Security-Auditing").replace(b"'", b'"') for event in events[:9]]
    return [*events, *others]


def json_events() -> list[bytes]:
    """Return the lines of the recordings."""
    return b"".join(path.read_bytes() for path in sorted(RECORDINGS.glob("*.jsonl"))).splitlines()


READERS = {format_.NAME: format_ for format_ in FORMATS}
EVENTS = {"xml": xml_events(), "json": json_events()}
# What the other forms of JSON and CSV are written from.
EVENTS["form"] = EVENTS["xml"]
EVENTS["evtx"] = [event for event in EVENTS["xml"] if b"&" not in event][:40]


# What replaces a value of an event, each as long as a block or longer, or shorter than a view's own text.
LENGTHS = (0, 11, 12, 13, 100, 3000, 70_000)
NAME = re.compile(rb"""(?<=Name=['"])[^'"]+|(?<=, ")[^"\\]+(?=": )""")
XML_VALUE = re.compile(rb"(?<=>)[^<>]+(?=</Data>)")
JSON_VALUE = re.compile(rb'(?<=": ")[^"\\]+(?=")')


def log(random_: random.Random) -> tuple[str, list[bytes]]:
    """Return the kind of a log, and its events: a few kinds of event, each more than once."""
    kind = random_.choice(["xml", "xml", "xml", "json", "json", "evtx", "form"])
    some = random_.sample(EVENTS[kind], random_.randrange(1, 4))
    if kind not in ("evtx", "form"):  # whose chunks are small, or which are varied as they are written
        some += [varied(random_, kind, event) for event in some for _ in range(random_.randrange(3))]
    return kind, random_.choices(some, k=random_.randrange(2, 12))


def varied(random_: random.Random, kind: str, event: bytes) -> bytes:
    """Return an event that is right but unusual: of another provider, with other names or other values."""
    way = random_.randrange(4)
    if way == 0:
        named = event.replace(b'"SourceName"', random_.choice([b'"SourceName"', b'"Provider"', b'"ProviderName"']))
        return named.replace(b"Microsoft-Windows-Sysmon", random_.choice([b"a", b"Microsoft-Windows-Sysmon-2"]))
    if way == 1:
        if not (names := list(NAME.finditer(event))):  # an event of UserData
            return event
        name = random_.choice(names)
        return event[: name.start()] + random_.choice([b"A", b"ImageLoaded", b"I" * 3000]) + event[name.end() :]
    if way == 2 and kind == "json":
        keys = list(json.loads(event).items())
        random_.shuffle(keys)
        return json.dumps(dict(keys), ensure_ascii=False).encode()
    values = list((XML_VALUE if kind == "xml" else JSON_VALUE).finditer(event))
    if not values:
        return event
    value = random_.choice(values)
    return event[: value.start()] + b"x" * random_.choice(LENGTHS) + event[value.end() :]


def damaged(random_: random.Random, content: bytes) -> bytes:
    """Return the bytes with one thing wrong: something is put in, taken out, doubled or changed."""
    at = random_.randrange(len(content) + 1)
    end = min(len(content), at + random_.choice([1, 1, 1, 2, 5, 30, 200]))
    damage = random_.randrange(6)
    if damage == 0:
        return content[:at] + content[end:]
    if damage == 1:
        return content[:end] + content[at:]
    if damage == 2:
        return content[:at] + bytes([random_.randrange(256)]) + content[at + 1 :]
    if damage == 3 and (
        places := [place for place in range(len(content)) if content[place : place + 1] in b"<>'\"&{}:,["]
    ):
        at = random_.choice(places)
        return content[:at] + random_.choice(SNIPPETS) + content[at + random_.randrange(2) :]
    return content[:at] + random_.choice(SNIPPETS) + content[at:]


Row = tuple[object, ...]


def outcome(
    read: Callable[[Log, Columns], Iterator[Item]], path: Path, wanted: Sequence[str] | Wanted = FIELDS
) -> tuple[list[Row], BadEvents, str]:
    """Return the rows of a log as a reader makes them, the bad events and the error.

    If every value is wanted, a row is the common columns and the names and values that its event has, sorted.
    """
    rows: list[Row] = []
    bad = BadEvents()
    opened = None
    try:
        opened = Log(str(path))
        kept = Columns(wanted if isinstance(wanted, Wanted) else Wanted(tuple(wanted)))
        for item in read(opened, kept):
            if isinstance(item, BadEvents):
                bad.extend(item)
            else:
                item.validate(full=True)
                cells = zip(*(column.to_pylist() for column in item.columns), strict=True)
                if kept.every:
                    listed = list(item.schema.names[len(COMMON) :])
                    cells = (
                        (
                            *row[: len(COMMON)],
                            *sorted(
                                pair for pair in zip(listed, row[len(COMMON) :], strict=True) if pair[1] is not None
                            ),
                        )
                        for row in cells
                    )
                rows += cells
    except DataError as error:
        return rows, bad, str(error)
    return rows, bad, opened.flaw or ""


def check(random_: random.Random, folder: Path) -> str:
    """Raise AssertionError unless everything is right with a case; return its outcome."""
    kind, events = log(random_)
    if kind == "evtx":
        return check_evtx(random_, folder / "log", events)
    if kind == "form":
        return check_form(random_, folder / "log", events)
    gap = random_.choice([b"\n", b"\n", b"\r\n", b"", b" text "]) if kind == "xml" else b"\n"
    # The first line of JSON decides how a whole block is read.
    hurt = random_.choice([0, random_.randrange(len(events))])
    pieces = list(events)
    if kind == "xml" and random_.random() < 0.1:
        pieces[hurt] = b"<!--" + pieces[hurt] + b"-->"
    for _ in range(random_.choice([0, 1, 1, 1, 2, 3])):
        pieces[hurt] = damaged(random_, pieces[hurt])
    if random_.random() < 0.1:
        short = random_.choice(SHORT[kind]) * random_.choice([1, 10, 30, 300])
        pieces.insert(random_.randrange(len(pieces) + 1), short)
    content = gap.join([*pieces, b""])
    opening.BLOCK_BYTES = random_.choice([700, 3000, 100_000, 1 << 20])
    opening.TAIL_BYTES = random_.choice([10, 600, 1 << 16])
    opening.SLICE_BYTES = random_.choice([50, 1000, 1 << 14])
    jsonl.MAX_LINES = random_.choice([3, 50, 1 << 16])
    xml.SMALL_BYTES = 0  # or no log here would be read fast
    path = folder / "log"
    wrapped = content
    way = random_.random()
    if way < 0.2:
        wrapped = random_.choice(WRAPS)(content)
    elif way < 0.25:
        wrapped = b"<?xml version='1.0' encoding='%b'?>" % random_.choice(DECLARED).encode() + content
    elif way < 0.35:
        wrapped, undamaged = flipped(random_, content)
        path.write_bytes(wrapped)
        with contextlib.suppress(DataError):  # if the first bytes are flipped, it is not gzip data
            log_ = Log(str(path))
            assert not wrapped.startswith(opening.GZIP) or b"".join(log_.blocks).startswith(undamaged), "text was lost"
    path.write_bytes(wrapped)
    reader = READERS[kind]
    # All fields only seldom, because they take the longest.
    fields: Sequence[str] | Wanted = random_.sample(FIELDS, random_.choice([1, 5, 5, 15, len(FIELDS)]))
    if random_.random() < 0.5:
        fields = Wanted(every=True, raw=random_.random() < 0.5)
    rows, bad, error = outcome(reader.read, path, fields)
    exact = outcome(reader.read_exactly, path, fields)
    if all(not told or told.startswith("the gzip data") for told in (error, exact[2])):
        assert exact == (rows, bad, error), "the fast reader differs from the exact one"
    else:
        assert exact[2] == error, "the fast reader has another error than the exact one"
    if wrapped == content and not error:
        # If damage hides an event's end, it may reach the next event, but not further.
        path.write_bytes(gap.join([*events[:hurt], *events[hurt + 2 :], b""]))
        kept, _, _ = outcome(reader.read, path, fields)
        missing = Counter(kept) - Counter(rows)
        assert not missing, f"lost {next(iter(missing))}"
    return "an error" if error else "bad events" if bad.count else "events"


def check_form(random_: random.Random, path: Path, events: Sequence[bytes]) -> str:
    """Do the same for a log in any form of JSON or CSV, as lines or as a document; undamaged, it has every event."""
    xml = b"".join(events)
    way = random_.choice(["csv", "lines", "lines", *DOCUMENTS])
    if way == "csv":
        content = csv_rows(random_.choice(["splunk_raw", "splunk_fields", "kibana", "sentinel"]), xml)
    else:
        mixed = [record for form in random_.choices(list(FORMS), k=len(events)) for record in records(form, events[0])]
        them = random_.choice([mixed, records(random_.choice(list(FORMS)), xml)])
        write = DOCUMENTS.get(way, lambda them: "\n".join(map(json.dumps, them)) + "\n")
        content = write(them).encode()
    hurts = random_.choice([0, 1, 1, 2, 3])
    for _ in range(hurts):
        content = damaged(random_, content)
    opening.BLOCK_BYTES = random_.choice([700, 3000, 100_000, 1 << 20])
    path.write_bytes(random_.choice(FORM_WRAPS)(content))
    wanted = random_.choice([Wanted(FIELDS), Wanted(every=True, raw=True)])
    try:
        reader = recognised(Log(str(path)))
    except DataError:
        return "an error"
    rows, bad, error = outcome(reader.read, path, wanted)
    assert outcome(reader.read_exactly, path, wanted) == (rows, bad, error), (
        "the fast reader differs from the exact one"
    )
    assert hurts or (len(events), 0, "") == (len(rows), bad.count, error), "an event was lost"
    return "an error" if error else "bad events" if bad.count else "events"


def check_evtx(random_: random.Random, path: Path, events: Sequence[bytes]) -> str:
    """Do the same for an .evtx file, whose damage may cost the rest of a chunk."""
    content = bytearray(write_evtx(*(event.decode() for event in events)))
    used = content.rindex(b"**\0\0") + 600
    for _ in range(random_.choice([0, 1, 1, 2, 4])):
        at = random_.choice([random_.randrange(4096 + 600), random_.randrange(used)])
        content[at : at + random_.choice([1, 1, 4])] = random_.choice([b"\0", b"\xff", bytes([random_.randrange(256)])])
    if random_.random() < 0.1:
        del content[random_.randrange(len(content)) :]
    path.write_bytes(flipped(random_, content)[0] if random_.random() < 0.1 else bytes(content))
    decoder.PIECE_BYTES = random_.choice([0, 3000, 1 << 20])
    try:
        reader = recognised(Log(str(path)))
    except DataError:
        return "an error"
    wanted = random_.choice([FIELDS, Wanted(every=True, raw=True)])
    rows, bad, error = outcome(reader.read, path, wanted)
    assert reader.NAME != "evtx" or outcome(reader.read_exactly, path, wanted) == (rows, bad, error), (
        "the fast reader differs from the exact one"
    )
    return "an error" if error else "bad events" if bad.count else "events"


def main() -> int:
    """Run the fuzz and report what happened."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().split("\n")[0])
    parser.add_argument("--cases", type=int, default=50_000, help="how many logs to read (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same logs (default: %(default)s)")
    options = parser.parse_args()
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.cases):
            if hasattr(signal, "alarm"):
                signal.alarm(HANG_S)
            if number % 100 == 0 and sys.stderr.isatty():
                print(f"\r{number} of {options.cases} logs", end="\r", file=sys.stderr)
            try:
                seen[check(random.Random(f"{options.seed}.{number}"), Path(folder))] += 1
            except Exception as error:
                raise SystemExit(f"case {options.seed}.{number}: {type(error).__name__}: {error}") from error
    print(f"{options.cases} logs: " + json.dumps(seen).strip("{}").replace('"', ""))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
