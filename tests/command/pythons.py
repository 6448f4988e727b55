"""The Pythons that Splunk ships, if this machine has them."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys

VERSIONS = ("3.9", "3.13")  # of Splunk 9.3 to 10.1, and of 10.2 and later


def _interpreter(version: str) -> str | None:
    """Return a Python of this version that starts, from PATH or from pyenv."""
    root = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    for path in (
        shutil.which(f"python{version}"),
        *glob.glob(f"{root}/versions/{version}.*/bin/python{version}"),
    ):
        code = "import sys; print('%d.%d' % sys.version_info[:2])"
        # A pyenv shim is on PATH even if pyenv has no such version to start.
        if path and subprocess.run([path, "-c", code], capture_output=True, text=True).stdout.strip() == version:
            return path
    return None


INTERPRETERS = {version: _interpreter(version) for version in VERSIONS}
if not any(INTERPRETERS.values()):
    INTERPRETERS["{}.{}".format(*sys.version_info)] = sys.executable
