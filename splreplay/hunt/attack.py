"""MITRE ATT&CK for Enterprise, version 17.0: the names and tactics of techniques, as attack.csv has them.

(c) 2025 The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE Corporation.
https://attack.mitre.org/resources/legal-and-branding/terms-of-use/
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

VERSION = "17"
# In the order of an attack, as ATT&CK lists them.
TACTICS = (
    "reconnaissance",
    "resource-development",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "defense-evasion",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "exfiltration",
    "impact",
)


class Technique(NamedTuple):
    """A technique: its name, and the tactics that it serves."""

    name: str
    tactics: tuple[str, ...]


@functools.cache
def techniques() -> Mapping[str, Technique]:
    """Return the techniques and sub-techniques, by id."""
    with Path(__file__).with_name("attack.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: Technique(row["name"], tuple(row["tactics"].split("|"))) for row in csv.DictReader(file)}


def technique(id_: str) -> Technique:
    """Return a technique; one that is not listed has the tactics of the technique that it is below, and no name."""
    known = techniques()
    above = known.get(id_.partition(".")[0], Technique("", ()))
    return known.get(id_, Technique("", above.tactics))


def tactics(ids: Iterable[str]) -> list[str]:
    """Return the tactics that some techniques serve, each once, in the order of an attack."""
    served = {tactic for id_ in ids for tactic in technique(id_).tactics}
    return [tactic for tactic in TACTICS if tactic in served]
