"""iplocation: where an address is, by a database that the user names."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from splreplay import engine
from splreplay.app import App
from splreplay.cli import main
from splreplay.errors import DataError, UnsupportedError, UsageError
from splreplay.planning import plan
from splreplay.recording import nothing
from splreplay.run import Means
from tests.conftest import REPO
from tests.replay.mmdb import database

pytest.importorskip("maxminddb", reason="it is an extra")

BERLIN = {
    "city": {"names": {"en": "Berlin", "fr": "Berlin (fr)"}},
    "continent": {"names": {"en": "Europe"}},
    "country": {"names": {"en": "Germany", "fr": "Allemagne"}, "iso_code": "DE"},
    "location": {"latitude": 52.5, "longitude": 13.25, "metro_code": 7, "time_zone": "Europe/Berlin"},
    "subdivisions": [{"names": {"en": "Land Berlin"}}, {"names": {"en": "other"}}],
}
NETWORKS = {
    "203.0.113.0/24": BERLIN,
    "198.51.100.128/25": {"country": {"names": {"en": "Utopia"}}},
    "2001:db8::/32": {
        "country": {"names": {"en": "Sixland"}},
        "city": "no mapping",
        "location": [],
        "subdivisions": [],
    },
}
PLACE = {"City": "Berlin", "Country": "Germany", "Region": "Land Berlin", "lat": "52.5", "lon": "13.25"}


@pytest.fixture
def geoip(tmp_path: Path) -> Path:
    """A database of three networks."""
    path = tmp_path / "city.mmdb"
    path.write_bytes(database(NETWORKS))
    return path


def found(search: str, geoip: Path | None) -> list[dict[str, Any]]:
    """Return the results of a search, without their time."""
    planned = plan(App(REPO), f"| makeresults | {search} | fields - _time")
    return engine.replay(planned, nothing(), Means(None, geoip=geoip)).results.rows


def test_fields(geoip: Path) -> None:
    """City, country, region and coordinates of the address are added."""
    expected = [{"ip": "203.0.113.9", **PLACE}]
    assert expected == found('eval ip="203.0.113.9" | iplocation ip', geoip)


def test_prefix_allfields_and_language(geoip: Path) -> None:
    """All fields have the prefix, and names are in the language, in English where there is none."""
    more = {"Continent": "Europe", "MetroCode": "7", "Timezone": "Europe/Berlin"}
    place = PLACE | {"City": "Berlin (fr)", "Country": "Allemagne"} | more
    expected = [{"ip": "203.0.113.9", **{f"src_{name}": value for name, value in place.items()}}]
    assert expected == found('eval ip="203.0.113.9" | iplocation prefix=src_ allfields=true lang=fr ip', geoip)


@pytest.mark.parametrize(
    ("ip", "country"),
    [
        ("198.51.100.200", "Utopia"),
        ("198.51.100.1", None),
        ("2001:db8::1", "Sixland"),
        ("203.0.113.0/28", "Germany"),
        ("10.0.0.1", None),
        ("no address", None),
        ("", None),
    ],
)
def test_address(geoip: Path, ip: str, country: str | None) -> None:
    """IPv4, IPv6 and networks are found; what the database does not know, and what is no address, gets no field."""
    expected = [{"ip": ip} | ({"Country": country} if country else {})]
    assert expected == found(f'eval ip="{ip}" | iplocation ip | fields ip Country', geoip)


def test_known_before(geoip: Path) -> None:
    """A field that was there stays where the database knows nothing, and is replaced where it does †."""
    spl = 'eval ip=split("203.0.113.1 10.0.0.1", " "), Country="x" | mvexpand ip | iplocation ip | fields Country'
    assert [{"Country": "Germany"}, {"Country": "x"}] == found(spl, geoip)


def test_no_field(geoip: Path) -> None:
    """Where no result has the field, there is nothing to look for."""
    assert [{"a": "1"}] == found("eval a=1 | iplocation ip", geoip)


def test_without_a_database() -> None:
    """Without a database the command is refused by name, with what to write."""
    with pytest.raises(UnsupportedError) as refused:
        found('eval ip="203.0.113.9" | iplocation prefix=src_ ip', None)
    assert "iplocation needs a database of addresses, and replay has none" == refused.value.message
    remedy = "name one in the MaxMind format with --geoip FILE, or take the command and {} out"
    assert remedy.format("src_City, src_Country, src_Region, src_lat and src_lon") == refused.value.remedy


def test_check_needs_no_database() -> None:
    """A trial of the search needs none, and says that a run does."""
    errors, notices = engine.trial(plan(App(REPO), "| makeresults | eval ip=1 | iplocation ip"), nothing())
    assert [] == errors
    assert ["iplocation needs a database of addresses, which a run names with --geoip FILE"] == [
        one.text for one in notices
    ]


@pytest.mark.parametrize("content", [b"", b"\0" * 3000, b"\xab\xcd\xefMaxMind.com\xff"])
def test_no_database(tmp_path: Path, content: bytes) -> None:
    """A file that is no such database is an error that names it."""
    path = tmp_path / "x.mmdb"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"x\.mmdb: this"):
        found('eval ip="203.0.113.9" | iplocation ip', path)


def test_missing_file(tmp_path: Path) -> None:
    """So is one that is not there."""
    with pytest.raises(DataError, match=r"x\.mmdb: this database of addresses cannot be read: No such file"):
        found('eval ip="203.0.113.9" | iplocation ip', tmp_path / "x.mmdb")


def test_damaged(geoip: Path) -> None:
    """A database whose data is damaged is an error, never a wrong answer."""
    content = geoip.read_bytes()
    at = content.index(b"\x44city")
    geoip.write_bytes(content[:at] + b"\xff" * 40 + content[at + 40 :])
    with pytest.raises(DataError, match="damaged"):
        found('eval ip="203.0.113.9" | iplocation ip', geoip)


def test_not_installed(geoip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package that reads databases, the error says how to install it."""
    monkeypatch.setitem(sys.modules, "maxminddb", None)
    with pytest.raises(UsageError) as refused:
        found('eval ip="203.0.113.9" | iplocation ip', geoip)
    assert "install it: pip install 'splreplay[geoip]'" == refused.value.remedy


def test_command_line(geoip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--geoip names the database."""
    recording = str(REPO / "tests/recordings/installutil_attack.xml")
    spl = '| makeresults | eval ip="203.0.113.9" | iplocation ip | table City lat'
    assert 0 == main(["run", recording, "--geoip", str(geoip), "--format", "json", "--spl", spl])
    assert [{"City": "Berlin", "lat": "52.5"}] == json.loads(capsys.readouterr().out)
