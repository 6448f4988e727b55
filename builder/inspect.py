"""Run AppInspect, Splunk's own check of packages, and refuse all findings that are not known and explained."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from builder.problem import BuildError
from splreplay.problem import Problem

# The two warnings that every package with such a search command gets.
KNOWN_WARNINGS = {
    "check_for_python_script_existence": "bin/ holds Python: that is what a search command is.",
    "check_python_sdk_version": "SDK 3 needs Python 3.13; Splunk 9.3 to 10.1 have 3.9, which 2.1.1 supports.",
}
# The tags of Splunk Cloud's vetting. Source: AppInspect tag reference; `splunk-appinspect list tags`.
VETTING = ("cloud", "private_app", "private_victoria", "private_classic")
GOOD_RESULTS = ("success", "not_applicable")


def inspect(archive: Path) -> list[str]:
    """Return what AppInspect says about *archive*, in lines; BuildError for anything not in KNOWN_WARNINGS.

    All checks of all tags run. The list of trusted libraries is the one that came with AppInspect, so no
    network is used.
    """
    checks = [check for app in _run(archive)["reports"] for group in app["groups"] for check in group["checks"]]
    results = [
        (check["result"], check["name"], " ".join(message["message"] for message in check["messages"]))
        for check in checks
    ]
    tags = Counter(tag for check in checks for tag in check["tags"])
    problems = [
        Problem(archive.name, 0, f"AppInspect {result} of {name}: {text}", "mend it")
        for result, name, text in results
        if result not in GOOD_RESULTS and not (result == "warning" and name in KNOWN_WARNINGS)
    ]
    for tag in VETTING:
        if not tags[tag]:
            problems.append(
                Problem(archive.name, 0, f"AppInspect ran no check of the tag {tag}", "see its list of tags")
            )
    if problems:
        raise BuildError(*problems)
    counts = Counter(result for result, _, _ in results)
    return [
        ", ".join(f"{count} {result}" for result, count in sorted(counts.items())),
        f"of Splunk Cloud's vetting: {', '.join(f'{tags[tag]} {tag}' for tag in VETTING)}",
        *(f"known warning {name}: {KNOWN_WARNINGS[name]}" for result, name, _ in results if result == "warning"),
    ]


def _run(archive: Path) -> Any:
    """Return AppInspect's report; it is the program beside this Python, as both are of one environment."""
    program = Path(sys.executable).with_name("splunk-appinspect")
    for path, remedy in (
        (archive, "run python build.py"),
        (program, "install requirements/ of this environment"),
    ):
        if not path.is_file():
            raise BuildError(Problem(path.name, 0, "is not there", remedy))
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "report.json")
        command = [str(program), "inspect", str(archive), "--mode", "precert", "--max-messages", "all"]
        command += ["--skip-trusted-libraries-update", "--data-format", "json", "--output-file", str(output)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not output.is_file():
            last = " ".join((done.stderr or done.stdout).strip().splitlines()[-1:])
            remedy = "mend that; it needs libmagic (apt install libmagic1, brew install libmagic)"
            raise BuildError(Problem(archive.name, 0, f"AppInspect gave no report: {last}", remedy))
        return json.loads(output.read_text(encoding="utf-8"))
