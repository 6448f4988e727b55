"""Put the files of splunk-sdk that package/splunk-sdk.sha256 lists into lib/, from its hash-pinned release.

Two hashes protect the app: pip checks the release against package/splunk-sdk.txt, and every file is checked against
package/splunk-sdk.sha256 (`sha256sum --check` reads it too). lib/ is never committed.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from builder.problem import BuildError
from splreplay.problem import Problem

PIN = "package/splunk-sdk.txt"
FILES = "package/splunk-sdk.sha256"


def files(root: Path) -> dict[str, str]:
    """Return the sha256 of each vendored file by its path below lib/."""
    lines = (root / FILES).read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def is_vendored(root: Path) -> bool:
    """Return whether lib/ already holds every file, byte for byte."""
    return all(
        (root / "lib" / name).is_file() and hashlib.sha256((root / "lib" / name).read_bytes()).hexdigest() == digest
        for name, digest in files(root).items()
    )


def vendor(root: Path) -> None:
    """Fill lib/, unless it is complete; BuildError if the pinned release is not available."""
    if is_vendored(root):
        return
    wanted = files(root)
    with tempfile.TemporaryDirectory() as folder, tarfile.open(_download(root, Path(folder))) as release:
        for member in release.getmembers():
            name = member.name.partition("/")[2]  # below the release's own folder
            content = release.extractfile(member)
            file = content.read() if content else b""
            if wanted.get(name) == hashlib.sha256(file).hexdigest():
                target = root / "lib" / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file)
    if not is_vendored(root):
        raise BuildError(Problem(FILES, 0, "lists other files than the release has", "list those of the pinned one"))


def _download(root: Path, folder: Path) -> Path:
    """Return the release that pip downloaded into *folder*.

    For the metadata of a source release pip runs its setup.py, here with the pinned setuptools of this environment, and not
    with one that pip would download.
    """
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download", "--require-hashes"]
    command += ["--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--dest", str(folder)]
    command += ["--requirement", str(root / PIN)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    releases = list(folder.iterdir())
    if done.returncode or len(releases) != 1:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        message = f"pip cannot fetch it ({lines[-1] if lines else 'no message'})"
        remedy = "connect to a package index once, or let PIP_FIND_LINKS name a folder that holds it"
        raise BuildError(Problem(PIN, 0, message, remedy))
    return releases[0]
