"""What changes the results of a search besides its text and the logs, in words for a report."""

from __future__ import annotations

from splreplay import conf, times
from splreplay.app import App
from splreplay.app.layers import AppFolder
from splreplay.times import TimeRange


def circumstances(app: App, addon: str, time: TimeRange) -> list[tuple[str, str]]:
    """Return the mapping, the time range, the apps beside the own one and the macros that were replaced, each with its name."""
    return [
        ("mapping of Sysmon", addon),
        ("time range", _range(time)),
        *(("app beside it", str(folder)) for folder in app.others),
        *(("macro replaced", override) for override in app.overrides),
    ]


def name_of(app: App) -> str:
    """Return the name and the version of an app; `none` of a folder that is none, where searches have the standard macros alone."""
    if not AppFolder(app.folder).is_app:
        return "none"
    path = app.folder / "default" / "app.conf"
    stanzas = conf.read(path).stanzas if path.is_file() else {}
    name = stanzas.get("package", {}).get("id", app.folder.resolve().name)
    return f"{name} {stanzas.get('launcher', {}).get('version', '')}".rstrip()


def _range(time: TimeRange) -> str:
    bounds = zip(("from", "to before"), (time.earliest, time.latest), time.asked, strict=True)
    given = [f"{word} {times.utc(epoch)} ({asked})" for word, epoch, asked in bounds if epoch is not None]
    return " ".join(given) or "all time"
