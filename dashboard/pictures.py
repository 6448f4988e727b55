"""Command line: python -m dashboard.pictures draws the pictures of the README anew, with Chromium, from what `make dashboard` left."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from dashboard.__main__ import OUT, ROOT, tool
from splreplay import cli
from splreplay.errors import SplError, UsageError

PICTURES = ROOT / "docs" / "pictures"
LOG = "tests/recordings/installutil_attack.xml"
# The report of each command, from its top to so many pixels.
REPORTS = {"report": (["run", LOG], 1_240), "hunt": (["hunt", "default", "--log", LOG], 1_355)}
WIDTH = 1_000
MAX_BYTES = 150_000  # of a picture: whoever clones the project gets it


def main() -> int:
    """Draw the pictures and return the exit status: 0 drawn, 1 one of them is too large, 2 something is missing."""
    os.chdir(ROOT)
    PICTURES.mkdir(exist_ok=True)
    try:
        chromium = tool("chromium")
        dashboard = OUT / "dark.png"
        if not dashboard.is_file():
            raise UsageError(f"{dashboard.relative_to(ROOT)} is not there", "draw it: make dashboard")
        shutil.copyfile(dashboard, PICTURES / "dashboard.png")
        for name, (command, height) in REPORTS.items():
            draw(chromium, name, command, height)
    except SplError as error:
        print(error, file=sys.stderr)
        return 2
    large = False
    for path in sorted(PICTURES.glob("*.png")):
        size = path.stat().st_size
        large |= size > MAX_BYTES
        print(f"{path.relative_to(ROOT)}: {size:,} bytes{', which is too large' if size > MAX_BYTES else ''}")
    return int(large)


def draw(chromium: str, name: str, command: Sequence[str], height: int) -> None:
    """Have *command* write its report, and draw the top of it as PICTURES/*name*.png."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        if cli.main([*command, "--format", "html", "--output", str(page)]):
            raise UsageError(f"splreplay {' '.join(command)} did not write its report")
        drawn = Path(folder) / "page.png"
        # Chromium's sandbox needs rights that root in a container lacks; the page loads nothing and runs nothing.
        sandbox = [] if os.getuid() else ["--no-sandbox"]
        subprocess.run(
            [
                *(chromium, "--headless", "--disable-gpu", "--hide-scrollbars", *sandbox),
                *(f"--user-data-dir={folder}/profile", "--no-first-run", "--disable-background-networking"),
                *(f"--window-size={WIDTH},{height}", f"--screenshot={drawn}", page.as_uri()),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
        shutil.copyfile(drawn, PICTURES / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
