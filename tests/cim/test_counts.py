"""The rows of Authentication, Change and Services over real recordings, counted a second time: a loop over the records."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPO
from tests.logs.conftest import Loaded

RECORDINGS = REPO.parent / "shared" / "data" / "otrf"
NAMES = (
    "credential_access__covenant_dcsync_dcerpc_drsuapi_DsGetNCChanges",
    "privilege_escalation__cmd_service_mod_fax",
    "discovery__empire_shell_net_localgroup_administrators",
)
pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="no recordings beside the checkout")

LOGONS = {4624, 4625, 4648, 4672, 4768, 4769, 4771, 4776}
FAILURES = {4625, 4771}
CHANGES = {1102, 4703, 4719, 4720, 4724, 4726, 4732, 4738}
SERVICES = {7036, 7040, 7045, 4697}


def counted(record: dict[str, Any]) -> str | None:
    """Return the dataset that a record is in."""
    event_id, channel = record.get("EventID"), record.get("Channel")
    if channel == "Security" and event_id in LOGONS:
        failed = event_id in FAILURES or str(record.get("Status", "0x0")).lower() not in ("0x0", "-")
        user = record.get("TargetUserName") or ""
        return None if user.endswith("$") and not failed else "Authentication.Authentication"
    if channel == "Security" and event_id in CHANGES:
        return "Change.All_Changes"
    if event_id in SERVICES and (channel == "System" or event_id == 4697):
        return "Endpoint.Services"
    return None


@pytest.mark.parametrize("name", NAMES)
def test_rows(name: str) -> None:
    """Each dataset has as many rows as the loop counts."""
    path: Path = RECORDINGS / f"{name}.json.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        expected = Counter(filter(None, map(counted, map(json.loads, lines))))
    log = Loaded(path)
    datasets = (
        "Authentication.Authentication",
        "Change.All_Changes",
        "Endpoint.Services",
        "Web.Web",
        "Updates.Updates",
    )
    assert expected == Counter({dataset: len(rows) for dataset in datasets if (rows := log.rows(dataset))})
