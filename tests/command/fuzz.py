"""
Throws broken and hostile chunks at the command, and checks every answer against its own reading of them.

    python tests/command/fuzz.py [--chunks 100000] [--seed 1]

It runs on any Python that the command runs on, in one process and without a pipe, so that a hundred thousand
chunks take minutes. Each conversation is a getinfo and some chunks. In half of them, bytes are then cut,
doubled or replaced. The outcome must be the right answer, or one line of error after right answers. A frame
reader and a CSV reader here, which share no code with the command's, decide what is right.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import random
import re
import signal
import sys
from pathlib import Path

APP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(APP / "bin"))

import rbaenrich  # noqa: E402
from installutil_rba_fields import ANNOTATION, MODIFIER, MULTIVALUE  # noqa: E402

HANG_S = 20
ALPHABET = [
    "a",
    "b",
    "0",
    " ",
    "$",
    "$$",
    ";",
    ",",
    '"',
    '""',
    "\r",
    "\n",
    "\r\n",
    "\0",
    "\\",
    "é",
    "😀",
    "\ufeff",
    "{}",
]
WORDS = ["bob", "SYSTEM", "-", "null", "WS5$", "$user$", "10.0.0.1", "[::1]", "$a$;$b$", "x" * 3000]
NAMES = [
    "user",
    "dest",
    "process_name",
    "_time",
    "x",
    "",
    "__mv_user",
    "__mv_x",
    "risk_score",
    "__mv_risk_user",
    "__mv___mv_user",
    "__mv_",
    "User",
    " user",
    "a b",
]
ARGUMENTS = [
    [],
    [],
    ["output=annotate"],
    ["output=modifiers"],
    ["output=modifiers", "fields=x, user,,a b"],
    ["detection_field=x"],
    ["detection_field=user", "output=modifiers"],
    ["missing={}$user$"],
    ["output=x"],
    ["fields=x"],
    ["output=modifiers", "fields=risk_score"],
    ["detection_field=risk_score"],
]
# What risk events carry without fields=: the fields that the lookups name, except `_time`.
CARRIED = sorted(
    [
        "connection_to_CNC",
        "dest",
        "parent_process_name",
        "process_guid",
        "process_id",
        "process_name",
        "user",
    ]
)


def text(random_: random.Random) -> str:
    """Return a cell."""
    if random_.random() < 0.1:
        return several(random_)
    if random_.random() < 0.4:
        return random_.choice(WORDS)
    return "".join(random_.choices(ALPHABET, k=random_.randrange(6)))


def several(random_: random.Random) -> str:
    """Return what a `__mv_` column may hold: values one by one, some hundreds of them, or what resembles them."""
    values = [
        random_.choice([*WORDS[:-1], "b$", ""]) for _ in range(random_.choice([1, 1, 2, 2, 3, 3, 12, 12, 300, 4000]))
    ]
    values += [f"v{number}" for number in range(random_.choice([0, 0, 9, 150]))]
    cell = ";".join("$" + value.replace("$", "$$") + "$" for value in values)
    return cell if random_.random() < 0.8 else cell[: random_.randrange(len(cell) + 1)]


def quoted(random_: random.Random, cell: str) -> str:
    """Return the cell as splunkd writes it, or sometimes without the quotes that it needs."""
    if re.fullmatch("[A-Za-z0-9]*", cell) or random_.random() < 0.01:
        return cell
    return '"' + cell.replace('"', '""') + '"'


def body(random_: random.Random) -> bytes:
    """Return the body of a chunk: mostly a table, sometimes with bytes that are not UTF-8 or with a ragged row."""
    width = random_.choice([0, 1, 1, 2, 3, 5, 8])
    rows = [[random_.choice(NAMES) for _ in range(width)]]
    for _ in range(random_.choice([0, 0, 1, 2, 5])):
        slip = random_.choice([-1, 1]) if random_.random() < 0.02 else 0
        rows.append([text(random_) for _ in range(max(0, width + slip))])
    lines = [",".join(quoted(random_, cell) for cell in row) for row in rows]
    content = "".join(line + random_.choice(["\n", "\n", "\n", "\r\n"]) for line in lines).encode()
    if random_.random() < 0.1:
        content = content.replace(b"a", b"\xff\xfe")
    return content if random_.random() < 0.9 else b""


def frame(metadata: object, content: bytes = b"") -> bytes:
    """Return one frame."""
    head = json.dumps(metadata).encode()
    return b"chunked 1.0,%d,%d\n" % (len(head), len(content)) + head + content


def conversation(random_: random.Random) -> tuple[bytes, int]:
    """Return the bytes of a getinfo and some chunks, and how many chunks there are."""
    arguments = random_.choice(ARGUMENTS)
    getinfo: dict[str, object] = {"action": "getinfo", "searchinfo": {"args": arguments, "search": "x"}}
    if random_.random() < 0.1:
        getinfo = {"action": "getinfo"}
    count = random_.choice([1, 1, 2, 3, 5])
    chunks = [frame({"action": "execute", "finished": n == count - 1, "new": n}, body(random_)) for n in range(count)]
    content = b"".join([frame(getinfo), *chunks])
    if random_.random() < 0.5:
        content = damaged(random_, content)
    return content, count


def damaged(random_: random.Random, content: bytes) -> bytes:
    """Return the bytes with one thing wrong: the end is cut off, a piece is doubled, or a few are replaced."""
    at = random_.randrange(len(content))
    end = at + random_.randrange(1, 30)
    damage = random_.randrange(4)
    if damage == 0:
        return content[:at]
    if damage == 1:
        return content[:end] + content[at:]
    if damage == 2:
        return content[:at] + content[end:]
    return content[:at] + random_.choice([b"\0", b"\n", b'"', b",", b"\xff", b"9", b"{"]) + content[at + 1 :]


class WrongError(Exception):
    """The readers in this file find something wrong in the bytes of a conversation."""


def frames(content: bytes) -> tuple[list[tuple[dict[str, object], bytes]], bool]:
    """Return the frames at the start of *content*, and whether it ends properly after them."""
    found: list[tuple[dict[str, object], bytes]] = []
    while content:
        line, newline, rest = content.partition(b"\n")
        header = re.fullmatch(rb"chunked\s+1\.0\s*,\s*(\d{1,12})\s*,\s*(\d{1,12})\s*", line)
        if not header or not newline or len(line) >= 100:
            return found, False
        head, tail = int(header[1]), int(header[2])
        if len(rest) < head + tail:
            return found, False
        try:
            metadata = json.loads(rest[:head].decode())
        except (ValueError, RecursionError):
            return found, False
        expected = "execute" if found else "getinfo"
        if not isinstance(metadata, dict) or metadata.get("action") != expected or (not found and tail):
            return found, False
        found.append((metadata, rest[head : head + tail]))
        content = rest[head + tail :]
    return found, bool(found)


def table(content: bytes) -> list[list[str]]:
    """Return the rows of a CSV, each as long as the first; raises WrongError if it can be read in several ways."""
    characters = content.decode("utf-8", "surrogateescape")
    cell = r'"(?:[^"]|"")*"|[^",\r\n][^,\r\n]*|'
    row = re.compile(rf"((?:{cell})(?:,(?:{cell}))*)(?:\r*\n|\r*\Z)")
    rows = []
    position = 0
    while position < len(characters):
        match = row.match(characters, position)
        if not match:
            raise WrongError
        cells = re.findall(rf"(?:^|,)({cell})", match[1]) if match[1] else [""]
        rows.append([item[1:-1].replace('""', '"') if item[:1] == '"' else item for item in cells])
        position = match.end()
    width = len(rows[0]) if rows else 0
    if any(len(cells) > width for cells in rows):
        raise WrongError
    return [cells + [""] * (width - len(cells)) for cells in rows]


def run(content: bytes) -> tuple[bytes, int]:
    """Run the command on *content*; return what it wrote and its exit status."""
    output = io.BytesIO()
    try:
        rbaenrich.RbaEnrichCommand().process(["rbaenrich.py"], io.BytesIO(content), output)
    except SystemExit as end:
        return output.getvalue(), int(str(end.code or 0))
    return output.getvalue(), 0


def replies(content: bytes) -> list[tuple[dict[str, object], bytes]]:
    """Return the frames that the command wrote."""
    found = []
    while content:
        line, _, rest = content.partition(b"\n")
        head, tail = map(int, line.split(b",")[1:])
        found.append((json.loads(rest[:head]), rest[head : head + tail]))
        content = rest[head + tail :]
    return found


def check(content: bytes) -> str:
    """Raise AssertionError unless the outcome of one conversation is right; return which kind it was."""
    output, status = run(content)
    answers = replies(output)
    errors = [
        line
        for metadata, _ in answers
        for level, line in metadata.get("inspector", {}).get("messages", [])
        if level == "ERROR"
    ]
    requests, ends_well = frames(content)
    options = options_of(requests)
    if not allowed(options):
        requests, ends_well = [], False
    right = requests[:1]
    for (metadata, sent), (_, received) in zip(requests[1:], answers[1:]):  # noqa: B905 (Python 3.9)
        try:
            rows = table(sent)
        except WrongError:
            ends_well = False
            break
        check_results(rows, table(received), options)
        right.append((metadata, sent))
    if ends_well:
        assert (0, [], len(requests)) == (status, errors, len(answers)), (status, errors, len(answers))
        return "answered"
    assert (1, 1, len(right) + 1) == (status, len(errors), len(answers)), (status, errors, len(answers))
    assert "\n" not in errors[0], errors
    assert "fault of rbaenrich" not in errors[0], errors
    return "refused with one error"


def options_of(requests: list[tuple[dict[str, object], bytes]]) -> list[str]:
    """Return the arguments of the command."""
    searchinfo = requests[0][0].get("searchinfo") if requests else None
    arguments = searchinfo.get("args") if isinstance(searchinfo, dict) else None
    return [str(argument) for argument in arguments] if isinstance(arguments, list) else []


def allowed(options: list[str]) -> bool:
    """Tell whether the command takes these options."""
    known = "output=(annotate|modifiers)|(missing|fields)=.*|detection_field=.+"
    if not all(re.fullmatch(known, option) for option in options) or "detection_field=risk_score" in options:
        return False
    named = [name for option in fields_of(options) for name in names(option)]
    wrong = any(name in MODIFIER or name.startswith("__mv_") or "*" in name for name in named)
    return not wrong and (not fields_of(options) or "output=modifiers" in options)


def fields_of(options: list[str]) -> list[str]:
    """Return the options that say which fields risk events carry."""
    return [option for option in options if option.startswith("fields=")]


def names(option: str) -> list[str]:
    """Return the fields that an option names, without repeats."""
    return list(dict.fromkeys(name.strip() for name in option.partition("=")[2].split(",") if name.strip()))


def check_results(sent: list[list[str]], received: list[list[str]], options: list[str]) -> None:
    """Raise AssertionError unless *received* is *sent* with our columns, and each row has the right score."""
    modifiers = "output=modifiers" in options
    named = [name for option in fields_of(options) for name in names(option)]
    carried = (named if fields_of(options) else CARRIED) if modifiers else []
    fields = (*(MODIFIER if modifiers else ANNOTATION), *carried)
    several = {*MULTIVALUE, *carried}
    added = [*fields, *("__mv_" + field for field in fields if field in several)]
    if len(sent) < 2:
        assert received == []
        return
    if modifiers:
        assert received == [] or received[0] == added
        assert len(received) - 1 <= 300 * (len(sent) - 1)
        return
    ours = {*fields, *("__mv_" + field for field in fields)}
    kept = [index for index, name in enumerate(sent[0]) if name not in ours]
    assert [[row[index] for index in kept] for row in sent] == [row[: len(kept)] for row in received]
    assert added == received[0][len(kept) :]
    # No cell of a chunk names a detection.
    assert all(row[len(kept)] == ("" if chosen(options) else "80") for row in received[1:])


def chosen(options: list[str]) -> bool:
    """Tell whether each result names its detection."""
    return any(option.startswith("detection_field=") for option in options)


def main() -> int:
    """Run the fuzz and report what happened."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().split("\n")[0])
    parser.add_argument("--chunks", type=int, default=100_000, help="how many chunks to send (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed sends the same bytes (default: %(default)s)")
    options = parser.parse_args()
    logging.disable()
    seen = {"answered": 0, "refused with one error": 0}
    chunks = number = 0
    while chunks < options.chunks:
        content, count = conversation(random.Random(f"{options.seed}.{number}"))
        if hasattr(signal, "alarm"):
            signal.alarm(HANG_S)
        try:
            seen[check(content)] += 1
        except Exception as error:
            print(f"conversation {options.seed}.{number}: {content!r}", file=sys.stderr)
            raise SystemExit(f"{type(error).__name__}: {error}") from error
        chunks += count
        number += 1
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in seen.items())
    python = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    print(f"{python}: {chunks} chunks in {number} conversations, {outcomes}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
