"""The fast path gives what the plain path gives, cell for cell, or nothing."""

from __future__ import annotations

import csv
import io
import random
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import installutil_rba_fast as fast
import installutil_rba_lookups as lookups
import installutil_rba_table as table
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from installutil_rba_fields import ANNOTATION
from installutil_rba_plain import PlainPath

from tests.command.splunkd import DETECTION, build_lookups, splunk_csv

pytestmark = pytest.mark.slow

FIELDS = ("_time", "dest", "user", "parent_process_name", "process_name", "process", "process_guid", "process_id")
FIELDS = (*FIELDS, "connection_to_CNC", "dest_port")
EXPECTED_HEADER = table.made_of(ANNOTATION, []).header

# Lookups of admins who use everything: by the name of the configuration, rows by lookup.
LOCAL = {
    "as shipped": {},
    "modifiers": {
        "score_modifiers": [
            "build,*,dest,wks-*,multiply,0.5,builds,,0",
            "range,*,connection_to_CNC,203.0.113.0/24,add,15,seen before,,0",
            "who,*,user,*admin*,add,5,100% an admin,,0",
        ]
    },
    "networks": {
        "ignored_objects": ["*,10.0.0.0/8,scanners,,0", "system,fe80::/10,link,,0", "user,a*b*c,odd,,0", "*,q*q,odd,,0"]
    },
    "machine accounts": {"ignored_objects": ["user,*$,they count here,,1"]},
    "all ignored": {"ignored_objects": ["*,*,everything,,0"]},
    "odd message": {
        "detections": [
            f'{DETECTION},80,80,100,"50% of $user$ costs $5 and $$dest$, ""$process$"" %s",user|process,,,,,,0'
        ]
    },
    "two users": {"entities": [f"{DETECTION},risk,process_name,user,0"]},
    "other": {"entities": [f"{DETECTION},risk,connection_to_CNC,other,0"]},
    "far ends in the message": {
        "detections": [f"{DETECTION},80,80,100,$process_name$ to $connection_to_CNC$:$dest_port$,_time|dest,,,,,,0"]
    },
    "risk objects in the message": {"detections": [f"{DETECTION},80,80,100,risk to $risk_object$,_time|dest,,,,,,0"]},
    "one field threatens twice": {"entities": ["*,threat,connection_to_CNC,url,0", "*,threat,user,process_name,0"]},
}
# With the columns that came later, which `local` above does not have.
FILES = {
    "own scores": {
        "installutil_rba_entities_local.csv": "detection,role,field,object_type,risk_score,risk_message,disabled\n"
        f"{DETECTION},risk,dest,system,95,$risk_object$ by $user$,0\n"
    },
    "ignored threats": {
        "installutil_rba_ignored_objects_local.csv": "object_type,pattern,role,reason,expires,disabled\n"
        "ip_address,203.0.113.0/24,threat,ours,,0\n*,*.exe,threat,ours,,0\nuser,q*,risk,looks like a mark,,0\n"
    },
}
ORDINARY = {
    "_time": ["1700000000", "1700000001.000"],
    "dest": ["wks-001.example.com", "WKS-002", "10.1.2.3", "srv"],
    "user": ["m.lopez", "EVE", "svc_build", "CORP\\jane", "the.admin"],
    "connection_to_CNC": ["203.0.113.7", "evil.example", "2001:db8::1"],
}
ODD = [
    *(
        "",
        " ",
        "-",
        "unknown",
        "NULL",
        "SYSTEM",
        "system ",
        "WKS1$",
        "$user$",
        "NT AUTHORITY\\SYSTEM",
        "DWM-1",
        "axbyc",
    ),
    *(
        "10.0.0.1",
        "[fe80::1]",
        "::ffff:10.0.0.1",
        "é",
        "İ",
        "\udcff",
        '"',
        'a"b',
        "a,b",
        "a\nb",
        "a\r\nb",
        "\r",
        "\x1f",
    ),
    *("\0", "\t", "%s", "%", "\x7f", "\\", "$", "q0q"),
]
# What a `__mv_` column holds: values of every kind, and everything that only resembles them.
MV = [
    *("", "", "", "$a$;$b$", "$SYSTEM$;$eve$", "$a$", "broken", "$$$$;$x$$y$", "$$", "$;$", "$$;$$", "$a$;", "$a$;$b"),
    *(
        "$a$b$",
        "$a$;;$b$",
        "a$;$b$",
        "$eve$;$EVE$",
        "$a,b$;$c\nd$",
        '$"$;$é$',
        "$10.0.0.1$;$::1$;$c2.example$",
        "$-$;$$",
    ),
    *("$%s$;$%$", "$203.0.113.7$;$x.exe$;$203.0.113.7$", "$$a$$$;$b$", "$ $;$\udcff$", "$a$ ;$b$", "\0", "$\0$;$a$"),
    ";".join(f"$10.0.0.{number}$" for number in range(30)),
    ";".join(f"$10.0.{number >> 8}.{number & 255}$" for number in range(101)),
    ";".join(f"$u{number}$$$" for number in range(1500)),
    "$" + "x" * 2000 + "$;$y$",
]


@pytest.fixture(scope="module", params=[*LOCAL, *FILES])
def configuration(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> lookups.Configuration:
    """Return the lookups that ship, overridden by those of one admin."""
    name = request.param
    app = build_lookups(tmp_path_factory.mktemp("app"), local=LOCAL.get(name, {}), files=FILES.get(name, {}))
    found = lookups.load(str(app), None, date(2026, 1, 1))
    assert () == found.warnings
    return found


def plain(configuration: lookups.Configuration, body: str) -> tuple[list[list[str]], Counter[str]]:
    """Return the table that the plain path makes of *body*, and the number of results of each kind of status."""
    tally: Counter[str] = Counter()
    by_name = {configuration.detection.name.lower(): configuration}
    return cells("".join(PlainPath(by_name, "unknown").answer(body, tally))), tally


def quick(path: fast.FastPath, body: str) -> tuple[list[list[str]], Counter[str]]:
    """Return what the fast path makes of *body*; raises NotPlainError."""
    tally: Counter[str] = Counter()
    return cells("".join(path.annotate(body, tally))), tally


def cells(body: str) -> list[list[str]]:
    """Return the rows of a reply."""
    csv.field_size_limit(2**31 - 1)
    return list(csv.reader(io.StringIO(body), strict=True))


def written(header: Sequence[str], rows: Sequence[Sequence[str]], style: str) -> str:
    """Return a chunk's body as splunkd writes it, or as other writers of CSV would."""
    if style == "splunkd":
        return splunk_csv(header, rows)
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=style).writerows([header, *rows])
    return out.getvalue()


@st.composite
def bodies(draw: st.DrawFn) -> str:
    """Return a chunk: mostly ordinary results, some odd ones, under fields in any number and order."""
    names = draw(st.lists(st.sampled_from([*FIELDS, *(f"__mv_{name}" for name in FIELDS), "", "é", "%s"]), max_size=14))
    whole = [*FIELDS, *(f"__mv_{name}" for name in FIELDS)]
    header = draw(st.sampled_from([names, whole, whole, [*FIELDS, "__mv_user"], [*names, "risk_score"]]))
    randomness = draw(st.randoms(use_true_random=False))
    odd = draw(st.sampled_from([0.0, 0.02, 0.3]))

    def cell(name: str) -> str:
        if name.startswith("__mv_"):
            return randomness.choice(MV) if randomness.random() < odd else ""
        if randomness.random() < odd:
            return randomness.choice(ODD)
        return randomness.choice(ORDINARY.get(name, ["InstallUtil.exe", "cmd.exe", "8420"]))

    rows = [[cell(name) for name in header] for _ in range(draw(st.sampled_from([0, 1, 2, 20])))]
    return written(header, rows, draw(st.sampled_from(["splunkd", "\n", "\r\n"])))


@settings(max_examples=50)  # for each of the lookups above
@given(body=bodies())
def test_it_says_what_the_plain_path_says(configuration: lookups.Configuration, body: str) -> None:
    """Whatever the lookups and the results are, all cells and counts are those of the plain path."""
    try:
        answer = quick(fast.FastPath(configuration, "unknown"), body)
    except fast.NotPlainError:
        return
    assert plain(configuration, body) == answer


@pytest.mark.parametrize("rows", [1, 999, 1000, 1001, 2500])
def test_blocks_and_chunks(rows: int, tmp_path: Path) -> None:
    """Nothing is lost or mixed up between two blocks of results, or between two chunks."""
    configuration = lookups.load(str(build_lookups(tmp_path)), None, date(2026, 1, 1))
    path = fast.FastPath(configuration, "unknown")
    randomness = random.Random(rows)
    for _ in range(2):
        made = [
            [randomness.choice([*ORDINARY.get(name, ["x.exe", "cmd.exe"]), *ODD[:8], "two\nlines"]) for name in FIELDS]
            for _ in range(rows)
        ]
        body = splunk_csv(FIELDS, made)
        assert plain(configuration, body) == quick(path, body)


def test_it_answers_what_splunk_sends(tmp_path: Path) -> None:
    """It answers results of the search, even with machine accounts, placeholders and several values among them."""
    configuration = lookups.load(str(build_lookups(tmp_path)), None, date(2026, 1, 1))
    header = [*FIELDS, *(f"__mv_{name}" for name in FIELDS)]
    rows = [["1", "wks", user, *["x"] * 7, "", "", several, *[""] * 7] for user in ODD for several in ("", "$a$;$b$")]
    _, tally = quick(fast.FastPath(configuration, "unknown"), splunk_csv(header, rows))
    assert len(rows) == sum(tally.values())


@pytest.mark.parametrize(
    "body",
    [
        "",
        "user,risk_score\na,1\n",
        "user,dest\na\n",
        "user,dest\na,b,c\n",
        'user,dest\n"a"b,c\n',
        'user,dest\n"a,b\n',
        "user,dest\na\rb,c\n",
        "unrelated\na\n",
    ],
    ids=["nothing", "ours", "short", "long", "quote", "open", "CR", "no field of ours"],
)
def test_it_leaves_to_the_plain_path(body: str, tmp_path: Path) -> None:
    """It does not answer what is not a plain table, or already has our columns."""
    configuration = lookups.load(str(build_lookups(tmp_path)), None, date(2026, 1, 1))
    with pytest.raises(fast.NotPlainError):
        quick(fast.FastPath(configuration, "unknown"), body)
