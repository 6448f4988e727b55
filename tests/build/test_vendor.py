"""How the library gets into lib/: from a release with a known hash, only the files that are listed, or not at all."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from builder import vendor
from builder.problem import BuildError

pytestmark = pytest.mark.slow

SETUP = b"from setuptools import setup\nsetup(name='splunk-sdk', version='2.1.1', packages=['splunklib'])\n"
RELEASE = {
    "PKG-INFO": b"Metadata-Version: 1.0\nName: splunk-sdk\nVersion: 2.1.1\n",
    "setup.py": SETUP,
    "splunklib/__init__.py": b"__version__ = '2.1.1'\n",
    "splunklib/extra.py": b"not listed\n",
}
WANTED = "splunklib/__init__.py"


def sha256(content: bytes) -> str:
    """Return the digest that pins *content*."""
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that pins a small release, and the folder with the release, the only place where pip looks."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in RELEASE.items():
            entry = tarfile.TarInfo(f"splunk-sdk-2.1.1/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    (shelf / "splunk-sdk-2.1.1.tar.gz").write_bytes(out.getvalue())
    package = tmp_path / "package"
    package.mkdir()
    pin = f"splunk-sdk==2.1.1 --hash=sha256:{sha256(out.getvalue())}\n"
    (package / "splunk-sdk.txt").write_text(pin, encoding="utf-8")
    (package / "splunk-sdk.sha256").write_text(f"{sha256(RELEASE[WANTED])}  {WANTED}\n", encoding="utf-8")
    for name, value in (
        ("PIP_NO_INDEX", "1"),
        ("PIP_FIND_LINKS", str(shelf)),
        ("PIP_CONFIG_FILE", "/dev/null"),
    ):
        monkeypatch.setenv(name, value)
    return tmp_path


def test_listed_files_alone_are_taken(root: Path) -> None:
    """lib/ gets only the listed files of the release."""
    vendor.vendor(root)
    found = {path.relative_to(root / "lib").as_posix() for path in (root / "lib").rglob("*") if path.is_file()}
    assert {WANTED} == found
    assert RELEASE[WANTED] == (root / "lib" / WANTED).read_bytes()


def test_nothing_is_fetched_when_all_is_there(root: Path) -> None:
    """A second time needs no release: the files are known by their hashes."""
    vendor.vendor(root)
    (root / "shelf" / "splunk-sdk-2.1.1.tar.gz").unlink()
    vendor.vendor(root)
    assert vendor.is_vendored(root)


def test_changed_file_is_put_right(root: Path) -> None:
    """A file of lib/ that was changed is replaced."""
    vendor.vendor(root)
    (root / "lib" / WANTED).write_text("changed", encoding="utf-8")
    vendor.vendor(root)
    assert RELEASE[WANTED] == (root / "lib" / WANTED).read_bytes()


def test_without_a_release_the_error_says_what_to_do(root: Path) -> None:
    """Offline, the build ends in one line, and lib/ stays as it was."""
    (root / "shelf" / "splunk-sdk-2.1.1.tar.gz").unlink()
    with pytest.raises(BuildError) as raised:
        vendor.vendor(root)
    assert (
        "package/splunk-sdk.txt: pip cannot fetch it (ERROR: No matching distribution found for "
        "splunk-sdk==2.1.1); connect to a package index once, or let PIP_FIND_LINKS name a folder that holds it"
    ) == str(raised.value)
    assert not (root / "lib").exists()


def test_another_release_of_the_same_name_is_refused(root: Path) -> None:
    """A release whose hash is not the pinned one is not unpacked."""
    pin = root / "package" / "splunk-sdk.txt"
    pin.write_text(f"splunk-sdk==2.1.1 --hash=sha256:{sha256(b'other')}\n", encoding="utf-8")
    with pytest.raises(BuildError, match="DO NOT MATCH THE HASHES"):
        vendor.vendor(root)
    assert not (root / "lib").exists()


def test_file_of_another_content_is_refused(root: Path) -> None:
    """A file of the release whose content is not as listed is not written."""
    listed = root / "package" / "splunk-sdk.sha256"
    listed.write_text(f"{sha256(b'other')}  {WANTED}\n", encoding="utf-8")
    with pytest.raises(BuildError) as raised:
        vendor.vendor(root)
    assert ("package/splunk-sdk.sha256: lists other files than the release has; list those of the pinned one") == str(
        raised.value
    )
    assert not (root / "lib").exists()


def test_pin_names_release_and_27_files(repo: Path) -> None:
    """The repository pins splunk-sdk 2.1.1 by hash and 27 modules, none of which needs another library."""
    pin = (repo / vendor.PIN).read_text(encoding="utf-8").splitlines()[-1]
    expected = "splunk-sdk==2.1.1 --hash=sha256:46300d52f09e0aed7e5962ce2ba08ef54421ffb3a538c6af6164dcbf9f075faa"
    assert expected == pin
    assert 27 == len([name for name in vendor.files(repo) if name.endswith(".py")])
