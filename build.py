"""Build the app: render, vendor, check, package; see builder/ for each step.

Without a step, all of them in this order. Exit status: 0 done, 2 usage, 1 problems, each printed as
path:line: claim; remedy
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from builder import archive, check, content, inspect, render, vendor
from builder.problem import BuildError

ROOT = Path(__file__).resolve().parent


def render_files(*, check_only: bool = False) -> None:
    """Write the rendered files, or refuse those that are stale."""
    rendered = render.render(content.load(ROOT))
    if not check_only:
        render.write(ROOT, rendered)
    elif stale := render.stale(ROOT, rendered):
        raise BuildError(*stale)


def checked_files() -> dict[str, bytes]:
    """Return the app's files, or refuse them."""
    files = archive.assemble(ROOT)
    # What is wrong with a stale file is no news: it is rendered anew.
    if problems := render.stale(ROOT, render.render(content.load(ROOT))) or check.problems(files):
        raise BuildError(*problems)
    return files


def package() -> None:
    """Write the archive of an app that passes its checks."""
    print(archive.write(ROOT, checked_files()).relative_to(ROOT))


def everything() -> None:
    """Render, vendor, check and package."""
    render_files()
    vendor.vendor(ROOT)
    package()


STEPS: dict[str, tuple[Callable[..., object], str]] = {
    "render": (render_files, "write the conf files and lookups that follow from package/"),
    "vendor": (lambda: vendor.vendor(ROOT), "put the pinned splunk-sdk into lib/, if it is not there"),
    "check": (checked_files, "check the app for what AppInspect does not see"),
    "package": (package, "check, and write the archive into dist/"),
    "inspect": (
        lambda: print(*inspect.inspect(archive.target(ROOT)), sep="\n"),
        "run AppInspect over the archive in dist/",
    ),
}


def main() -> int:
    """Run the step that the command line names."""
    parser = argparse.ArgumentParser(
        prog="build.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    names = parser.add_subparsers(dest="step", title="steps")
    for name, (_, text) in STEPS.items():
        step = names.add_parser(name, help=text, description=text)
        if name == "render":
            help_ = "write nothing; fail if a file is stale"
            step.add_argument("--check", action="store_true", dest="check_only", help=help_)
    options = vars(parser.parse_args())
    run = STEPS[name][0] if (name := options.pop("step")) else everything
    try:
        run(**options)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
