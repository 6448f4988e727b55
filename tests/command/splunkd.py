"""Plays splunkd: builds an app folder, starts the command as Splunk does, and reads its replies strictly."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

csv.field_size_limit(2**31 - 1)

REPO = Path(__file__).resolve().parents[2]
DETECTION = "Windows InstallUtil Remote Network Connection"
MESSAGE = (
    "An instance of $parent_process_name$ spawning $process_name$ was identified on endpoint $dest$ "
    "by user $user$ generating a remote download."
)

# The lookups as they ship, apart from what a test is about: rows by the lookup's name without its prefix.
HEADERS = {
    "detections": "detection,risk_score,impact,confidence,risk_message,finding_fields,"
    "analytic_story,kill_chain_phases,mitre_attack,nist,cis20,disabled",
    "entities": "detection,role,field,object_type,disabled",
    "score_modifiers": "modifier,detection,field,pattern,operation,value,reason,expires,disabled",
    "ignored_objects": "object_type,pattern,reason,expires,disabled",
}
ROWS = {
    "detections": [
        f"{DETECTION},80,80,100,{MESSAGE},_time|dest|process_guid|process_id|connection_to_CNC|dest_port,"
        "Signed Binary Proxy Execution InstallUtil,Exploitation|Privilege Escalation,"
        "T1218.004|T1218,DE.CM,CIS 10,"
    ],
    "entities": [
        f"{DETECTION},risk,user,user,",
        f"{DETECTION},risk,dest,system,",
        f"{DETECTION},threat,parent_process_name,parent_process_name,",
        f"{DETECTION},threat,process_name,process_name,",
        f"{DETECTION},threat,connection_to_CNC,ip_address|domain,",
    ],
    "score_modifiers": [],
    "ignored_objects": [
        *(f"*,{placeholder},placeholder,,0" for placeholder in ("", "null", "unknown", "none", "n/a", "-")),
        "user,SYSTEM,the endpoint itself,,0",
        "user,LOCAL SERVICE,service account,,0",
        "user,NT AUTHORITY\\*,service account,,0",
        "user,*$,machine account,,0",
    ],
}


def build_lookups(
    app: Path,
    shipped: Mapping[str, Sequence[str]] = {},
    local: Mapping[str, Sequence[str]] = {},
    files: Mapping[str, str] = {},
) -> Path:
    """Write the app's lookups: *shipped* rows instead of ROWS, *local* rows, *files* as raw text."""
    folder = app / "lookups"
    folder.mkdir(parents=True, exist_ok=True)
    texts = {f"installutil_rba_{name}.csv": _csv(name, shipped.get(name, rows)) for name, rows in ROWS.items()}
    texts |= {f"installutil_rba_{name}_local.csv": _csv(name, rows) for name, rows in local.items()}
    for filename, text in {**texts, **files}.items():
        (folder / filename).write_bytes(text.encode("utf-8", "surrogateescape"))
    return app


def build_app(app: Path, **lookups: Any) -> Path:
    """Build a runnable app: the command as it is, splunklib beside it, and the lookups of `build_lookups`."""
    assert (REPO / "lib" / "splunklib").is_dir(), "splunklib is missing; run: python build.py vendor"
    shutil.copytree(REPO / "bin", app / "bin", ignore=shutil.ignore_patterns("__pycache__"))
    (app / "lib").symlink_to(REPO / "lib")
    return build_lookups(app, **lookups)


def _csv(name: str, rows: Sequence[str]) -> str:
    return "\n".join([HEADERS[name], *rows]) + "\n"


def frame(metadata: Any, body: bytes | str = b"") -> bytes:
    """Return one frame of the chunked protocol."""
    head = json.dumps(metadata).encode()
    tail = body.encode("utf-8", "surrogateescape") if isinstance(body, str) else body
    return b"chunked 1.0,%d,%d\n" % (len(head), len(tail)) + head + tail


def getinfo(*args: str) -> bytes:
    """Return the request that opens every conversation, with what a real splunkd sends in it."""
    searchinfo = {
        "args": list(args),
        "raw_args": list(args),
        "dispatch_dir": "/opt/splunk/var/run/splunk/dispatch/1700000000.1",
        "sid": "1700000000.1",
        "app": "DA-ESS-InstallUtilRBA",
        "owner": "admin",
        "username": "admin",
        "session_key": "secret",
        "splunkd_uri": "https://127.0.0.1:8089",
        "splunk_version": "9.4.0",
        "search": "%7C%20rbaenrich",
        "command": "rbaenrich",
        "maxresultrows": 50000,
        "earliest_time": "0",
        "latest_time": "0",
    }
    return frame(
        {
            "action": "getinfo",
            "preview": False,
            "streaming_command_will_restart": False,
            "searchinfo": searchinfo,
        }
    )


def execute(body: bytes | str = b"", finished: bool = True) -> bytes:
    """Return one chunk of results."""
    return frame({"action": "execute", "finished": finished}, body)


def splunk_csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as splunkd writes it: LF, and quotes around everything but letters and digits."""

    def quoted(cell: str) -> str:
        return cell if re.fullmatch("[A-Za-z0-9]*", cell) else '"' + cell.replace('"', '""') + '"'

    return "".join(",".join(map(quoted, row)) + "\n" for row in (header, *rows))


class Reply(NamedTuple):
    """A frame that the command wrote."""

    metadata: dict[str, Any]
    body: str

    def messages(self) -> list[list[str]]:
        """What the job inspector shows: [level, text] each."""
        messages: list[list[str]] = self.metadata.get("inspector", {}).get("messages", [])
        return messages

    def table(self) -> list[list[str]]:
        """The body's cells, header first."""
        return list(csv.reader(io.StringIO(self.body, newline=""), strict=True))

    def results(self) -> list[dict[str, str]]:
        """The body's rows by column, without empty cells."""
        header, *rows = self.table() or [[]]
        return [{name: cell for name, cell in zip(header, row, strict=True) if cell} for row in rows]


class Outcome(NamedTuple):
    """Everything that a run left."""

    replies: list[Reply]
    status: int
    stderr: str

    def errors(self) -> list[str]:
        """The error messages of all replies."""
        return [text for reply in self.replies for level, text in reply.messages() if level == "ERROR"]

    def results(self) -> list[dict[str, str]]:
        """The results of all replies."""
        return [result for reply in self.replies for result in reply.results()]


def read_reply(stream: IO[bytes]) -> Reply:
    """Return the command's next frame, waiting for it."""
    head, body = map(int, stream.readline().split(b" ")[1].split(b",")[1:])
    return Reply(json.loads(stream.read(head)), stream.read(body).decode("utf-8", "surrogateescape"))


def read_replies(output: bytes) -> list[Reply]:
    """Return the frames of *output*; nothing may stand before, between or after them."""
    replies = []
    position = 0
    while position < len(output):
        header = re.compile(rb"chunked 1\.0,(\d+),(\d+)\n").match(output, position)
        assert header, f"no header at byte {position}: {output[position : position + 80]!r}"
        middle = header.end() + int(header[1])
        position = middle + int(header[2])
        assert position <= len(output), "the last reply is cut off"
        body = output[middle:position].decode("utf-8", "surrogateescape")
        replies.append(Reply(json.loads(output[header.end() : middle]), body))
    return replies


def start(app: Path, python: str, environment: Mapping[str, str] = {}) -> subprocess.Popen[bytes]:
    """Start the command with pipes, as splunkd does, with no environment variable of the developer's but PATH."""
    return subprocess.Popen(
        [python, str(app / "bin" / "rbaenrich.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], **environment},
    )


def run(app: Path, python: str, *frames: bytes, environment: Mapping[str, str] = {}) -> Outcome:
    """Send *frames*, close, and return what came back; a command that hangs fails the test."""
    with start(app, python, environment) as process:
        output, stderr = process.communicate(b"".join(frames), timeout=60)
    return Outcome(read_replies(output), process.returncode, stderr.decode())
