"""The archive: what is in it, and that the same content always gives the same bytes."""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
from pathlib import Path

import pytest

from builder import archive
from builder.problem import BuildError

LISTING = [
    "DA-ESS-InstallUtilRBA",
    "DA-ESS-InstallUtilRBA/LICENSE",
    "DA-ESS-InstallUtilRBA/app.manifest",
    "DA-ESS-InstallUtilRBA/bin",
    "DA-ESS-InstallUtilRBA/bin/installutil_rba_fast.py",
    "DA-ESS-InstallUtilRBA/bin/installutil_rba_fields.py",
    "DA-ESS-InstallUtilRBA/bin/installutil_rba_lookups.py",
    "DA-ESS-InstallUtilRBA/bin/installutil_rba_plain.py",
    "DA-ESS-InstallUtilRBA/bin/installutil_rba_rules.py",
    "DA-ESS-InstallUtilRBA/bin/installutil_rba_table.py",
    "DA-ESS-InstallUtilRBA/bin/installutil_rba_values.py",
    "DA-ESS-InstallUtilRBA/bin/installutil_rba_wire.py",
    "DA-ESS-InstallUtilRBA/bin/rbaenrich.py",
    "DA-ESS-InstallUtilRBA/default",
    "DA-ESS-InstallUtilRBA/default/analyticstories.conf",
    "DA-ESS-InstallUtilRBA/default/app.conf",
    "DA-ESS-InstallUtilRBA/default/commands.conf",
    "DA-ESS-InstallUtilRBA/default/data",
    "DA-ESS-InstallUtilRBA/default/data/ui",
    "DA-ESS-InstallUtilRBA/default/data/ui/nav",
    "DA-ESS-InstallUtilRBA/default/data/ui/nav/default.xml",
    "DA-ESS-InstallUtilRBA/default/data/ui/views",
    "DA-ESS-InstallUtilRBA/default/data/ui/views/installutil_risk.xml",
    "DA-ESS-InstallUtilRBA/default/macros.conf",
    "DA-ESS-InstallUtilRBA/default/savedsearches.conf",
    "DA-ESS-InstallUtilRBA/default/searchbnf.conf",
    "DA-ESS-InstallUtilRBA/default/server.conf",
    "DA-ESS-InstallUtilRBA/default/transforms.conf",
    "DA-ESS-InstallUtilRBA/lib",
    "DA-ESS-InstallUtilRBA/lib/splunk-sdk.LICENSE",
    "DA-ESS-InstallUtilRBA/lib/splunklib",
    "DA-ESS-InstallUtilRBA/lib/splunklib/__init__.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/binding.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/client.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/data.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/modularinput",
    "DA-ESS-InstallUtilRBA/lib/splunklib/modularinput/__init__.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/modularinput/argument.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/modularinput/event.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/modularinput/event_writer.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/modularinput/input_definition.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/modularinput/scheme.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/modularinput/script.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/modularinput/utils.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/modularinput/validation_definition.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/results.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/searchcommands",
    "DA-ESS-InstallUtilRBA/lib/splunklib/searchcommands/__init__.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/searchcommands/decorators.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/searchcommands/environment.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/searchcommands/eventing_command.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/searchcommands/external_search_command.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/searchcommands/generating_command.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/searchcommands/internals.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/searchcommands/reporting_command.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/searchcommands/search_command.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/searchcommands/streaming_command.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/searchcommands/validators.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/six.py",
    "DA-ESS-InstallUtilRBA/lib/splunklib/utils.py",
    "DA-ESS-InstallUtilRBA/lookups",
    "DA-ESS-InstallUtilRBA/lookups/installutil_rba_detections.csv",
    "DA-ESS-InstallUtilRBA/lookups/installutil_rba_entities.csv",
    "DA-ESS-InstallUtilRBA/lookups/installutil_rba_ignored_objects.csv",
    "DA-ESS-InstallUtilRBA/lookups/installutil_rba_score_modifiers.csv",
    "DA-ESS-InstallUtilRBA/metadata",
    "DA-ESS-InstallUtilRBA/metadata/default.meta",
    "DA-ESS-InstallUtilRBA/static",
    "DA-ESS-InstallUtilRBA/static/appIcon.png",
    "DA-ESS-InstallUtilRBA/static/appIconAlt.png",
    "DA-ESS-InstallUtilRBA/static/appIconAlt_2x.png",
    "DA-ESS-InstallUtilRBA/static/appIcon_2x.png",
]


@pytest.fixture
def checkout(repo: Path, tmp_path: Path) -> Path:
    """A copy that may be changed of everything that the archive is made from."""
    copy = tmp_path / "checkout"
    for name in ("bin", "default", "lib", "lookups", "metadata", "package"):
        shutil.copytree(repo / name, copy / name)
    shutil.copy(repo / "LICENSE", copy)
    return copy


def entries(packed: bytes) -> list[tarfile.TarInfo]:
    """Return the entries of an archive, in order."""
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        return tar.getmembers()


def test_listing(repo: Path) -> None:
    """The archive holds exactly these files, sorted, below one folder named as the app."""
    assert LISTING == [entry.name for entry in entries(archive.pack(archive.assemble(repo)))]


def test_modes_and_owners() -> None:
    """Files are 0644, folders 0755, and all of them root's, whatever they are on the builder's disk."""
    found = entries(archive.pack({"bin/a.py": b"1"}))
    expected = [
        ("DA-ESS-InstallUtilRBA", 0o755, "root", 0),
        ("DA-ESS-InstallUtilRBA/bin", 0o755, "root", 0),
        ("DA-ESS-InstallUtilRBA/bin/a.py", 0o644, "root", 0),
    ]
    assert expected == [(entry.name, entry.mode, entry.uname, entry.uid) for entry in found]


def test_two_builds_are_the_same_bytes(checkout: Path) -> None:
    """A later build of the same content, from files with other times and modes, gives the same bytes."""
    first = archive.pack(archive.assemble(checkout))
    for path in checkout.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
        if path.is_file():
            path.chmod(0o600)
    assert first == archive.pack(archive.assemble(checkout))


def test_changed_content_has_another_time() -> None:
    """A module that changes but keeps its size gets another time; otherwise Python would go on using the old .pyc."""
    old, new = (entries(archive.pack({"a.py": content}))[-1] for content in (b"x = 1\n", b"x = 2\n"))
    assert old.size == new.size
    assert old.mtime != new.mtime


def test_what_running_leaves_behind_does_not_ship(checkout: Path) -> None:
    """Compiled Python, an admin's local lookups and local.meta are not packed."""
    before = archive.assemble(checkout)
    for name in (
        "bin/__pycache__/a.pyc",
        "lookups/installutil_rba_entities_local.csv",
        "metadata/local.meta",
    ):
        (checkout / name).parent.mkdir(exist_ok=True)
        (checkout / name).write_text("left behind", encoding="utf-8")
    assert before == archive.assemble(checkout)


def test_version_stands_in_one_place(checkout: Path) -> None:
    """The version of app.conf goes into the manifest and into the archive's name."""
    path = checkout / "default/app.conf"
    text = path.read_text(encoding="utf-8").replace(archive.version(checkout), "7.8.9")
    path.write_text(text, encoding="utf-8")
    manifest = json.loads(archive.assemble(checkout)["app.manifest"])
    expected = {"group": None, "name": "DA-ESS-InstallUtilRBA", "version": "7.8.9"}
    assert expected == manifest["info"]["id"]
    assert checkout / "dist/DA-ESS-InstallUtilRBA-7.8.9.tar.gz" == archive.target(checkout)


def test_changed_library_does_not_ship(checkout: Path) -> None:
    """One changed byte in lib/ stops the build."""
    (checkout / "lib/splunklib/six.py").write_text("changed", encoding="utf-8")
    with pytest.raises(BuildError) as raised:
        archive.assemble(checkout)
    assert "lib: does not hold the vendored files; run python build.py vendor" == str(raised.value)
