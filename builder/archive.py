"""Assemble the app from the checkout, and pack it so that the same content gives the same bytes."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from builder import APP, vendor
from builder.problem import BuildError
from splreplay import conf
from splreplay.errors import DataError
from splreplay.problem import Problem

# A checkout can be linked into a Splunk as an app. The files that running it leaves behind are not part of the app.
LEFT_BEHIND = ("__pycache__/*", "*_local.csv", "local.meta")
MTIME_FIRST = 1_600_000_000  # seconds, 2020-09-13
MTIME_SPAN = 100_000_000  # seconds, about three years


def version(root: Path) -> str:
    """Return the app's version: [id] version of default/app.conf."""
    try:
        return conf.read(root / "default" / "app.conf").stanzas["id"]["version"]
    except (DataError, KeyError) as error:
        raise BuildError(Problem("default/app.conf", 0, f"has no [id] version ({error})", "write it there")) from error


def assemble(root: Path) -> dict[str, bytes]:
    """Return the content of every file of the app by its path in it; lib/ must be vendored."""
    if not vendor.is_vendored(root):
        raise BuildError(Problem("lib", 0, "does not hold the vendored files", "run python build.py vendor"))
    sources = {
        path.relative_to(root).as_posix(): path
        for folder in ("bin", "default", "metadata", "lookups")
        for path in (root / folder).rglob("*")
    }
    sources |= {f"static/{path.name}": path for path in (root / "package" / "static").iterdir()}
    sources |= {f"lib/{name}": root / "lib" / name for name in vendor.files(root)}
    sources["lib/splunk-sdk.LICENSE"] = root / "package" / "splunk-sdk.LICENSE"
    sources["LICENSE"] = root / "LICENSE"
    sources["app.manifest"] = root / "package" / "app.manifest"
    files = {
        name: path.read_bytes()
        for name, path in sorted(sources.items())
        if path.is_file() and not any(path.match(pattern) for pattern in LEFT_BEHIND)
    }
    for token, value in (("@APP@", APP), ("@VERSION@", version(root))):
        files["app.manifest"] = files["app.manifest"].replace(token.encode(), value.encode())
    return files


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return the .tar.gz of *files*, sorted and without owner or build time, so that the bytes are always the same."""
    folders = {f"{parent}" for name in files for parent in PurePosixPath(APP, name).parents if parent.name}
    out = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=out, mode="wb", filename="", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for name in sorted(folders | {f"{APP}/{name}" for name in files}):
            entry = tarfile.TarInfo(name)
            entry.uname = entry.gname = "root"
            if name in folders:
                entry.type, entry.mode, entry.mtime = tarfile.DIRTYPE, 0o755, MTIME_FIRST
                tar.addfile(entry)
            else:
                content = files[name.removeprefix(f"{APP}/")]
                entry.mode, entry.size, entry.mtime = 0o644, len(content), _mtime(content)
                tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def write(root: Path, files: Mapping[str, bytes]) -> Path:
    """Write the archive of *files* into dist/ and return its path."""
    path = target(root)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(pack(files))
    return path


def target(root: Path) -> Path:
    """Return the path of the archive of this version."""
    return root / "dist" / f"{APP}-{version(root)}.tar.gz"


def _mtime(content: bytes) -> int:
    """Return a modification time, in epoch seconds, that depends on the content.

    Python uses a .pyc as long as the time and the size of its source are the same. If all files had one time, an upgrade
    in which a changed module keeps its size would run the old code.
    """
    return MTIME_FIRST + int.from_bytes(hashlib.sha256(content).digest()[:8]) % MTIME_SPAN
