"""Checks of a package that AppInspect does not do: each takes the app's files and yields its problems."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from builder import APP, check_view, view
from builder.detection import output_fields
from builder.manifest import Manifest
from splreplay import conf
from splreplay.app import macros
from splreplay.app.macros import Macro
from splreplay.conf import Conf
from splreplay.errors import DataError, SplError
from splreplay.problem import Problem
from splreplay.schema import decode

Files = Mapping[str, bytes]

MACROS = "default/macros.conf"
VIEWS = "default/data/ui/views/"

# What each folder of the app may hold; a name that matches none of these is a mistake.
EXPECTED = (
    "LICENSE",
    "app.manifest",
    "bin/*.py",
    "default/*.conf",
    "default/data/ui/nav/default.xml",
    "default/data/ui/views/*.xml",
    "lib/splunk-sdk.LICENSE",
    "lib/splunklib/*.py",
    "lib/splunklib/modularinput/*.py",
    "lib/splunklib/searchcommands/*.py",
    "lookups/*.csv",
    "metadata/default.meta",
    "static/*.png",
)


def problems(files: Files) -> list[Problem]:
    """Return all problems of the app that consists of *files*."""
    return sorted(problem for check in CHECKS for problem in check(files))


def check_names(files: Files) -> Iterator[Problem]:
    """Refuse a file that does not belong in the app: a hidden one, one of local/, or one of an unknown kind."""
    for name in files:
        # Unlike a shell's, a * of fnmatch also matches slashes and leading dots.
        expected = any(fnmatchcase(name, pattern) and name.count("/") == pattern.count("/") for pattern in EXPECTED)
        if "/." in f"/{name}" or not expected:
            yield Problem(name, 0, "does not belong into the app", "remove it, or name its kind in builder/check.py")


def check_conf(files: Files) -> Iterator[Problem]:
    """Refuse a conf file that Splunk would not read as it looks, and a stanza or key that is there twice."""
    for name in [name for name in files if name.endswith((".conf", ".meta"))]:
        try:
            repeats = conf.parse(files[name].decode(), name).repeats
        except (DataError, UnicodeDecodeError) as error:
            yield Problem(name, 0, str(error).removeprefix(f"{name}, "), "mend it there")
            continue
        for repeat in repeats:
            what = f"[{repeat.stanza}]" if repeat.key is None else f"{repeat.key} of [{repeat.stanza}]"
            yield Problem(name, repeat.line, f"{what} stands twice, first in line {repeat.first}", "keep one of them")


def check_manifest(files: Files) -> Iterator[Problem]:
    """Refuse an app.manifest that is not JSON, not of its schema, or names no licence."""
    path = "app.manifest"
    text = files.get(path, b"").decode(errors="replace")
    try:
        json.loads(text)
    except ValueError as error:
        yield Problem(path, getattr(error, "lineno", 0), f"not JSON: {error}", "mend the syntax there")
        return
    document = decode(text, path, Manifest)
    if document.value and document.value.info.license.text not in files:
        document.refuse(("info", "license", "text"), "the licence file is missing", "name one that ships")
    yield from document.problems


def check_identity(files: Files) -> Iterator[Problem]:
    """Refuse an app.conf of another app, or with two different versions."""
    app = _conf(files, "default/app.conf")
    version = app.stanzas.get("id", {}).get("version")
    for stanza, key, expected in (
        ("id", "name", APP),
        ("package", "id", APP),
        ("launcher", "version", version),
    ):
        value = app.stanzas.get(stanza, {}).get(key)
        if value != expected:
            line = app.lines.get((stanza, key), 0)
            yield Problem(app.path, line, f"[{stanza}] {key} is {value}", f"write {expected}")


def check_lookups(files: Files) -> Iterator[Problem]:
    """Refuse a lookup that Splunk or rbaenrich would misread."""
    for name in _names(files, "lookups/"):
        if files[name].startswith(b"\xef\xbb\xbf"):
            yield Problem(name, 1, "starts with a byte order mark", "save it as UTF-8 without one")
            continue
        try:
            rows = list(csv.reader(io.StringIO(files[name].decode(), newline=""), strict=True))
        except (csv.Error, UnicodeDecodeError) as error:
            yield Problem(name, 0, f"not CSV in UTF-8: {error}", "mend it")
            continue
        if not rows or not any(rows[0]):
            yield Problem(name, 1, "has no header", "write the column names in its first line")
            continue
        if len(set(rows[0])) != len(rows[0]) or not all(rows[0]):
            yield Problem(name, 1, "has a column without a name, or two of one name", "name each column once")
        for number, row in enumerate(rows[1:], start=2):
            if len(row) != len(rows[0]):
                claim = f"row {number} has {len(row)} values, the header {len(rows[0])}"
                yield Problem(name, 0, claim, "quote a value that holds a comma")


def check_transforms(files: Files) -> Iterator[Problem]:
    """Refuse a lookup without a stanza, and a stanza without a lookup; both must have the same name."""
    path = "default/transforms.conf"
    transforms = _conf(files, path)
    named = {f"lookups/{settings.get('filename')}" for settings in transforms.stanzas.values()}
    for name in _names(files, "lookups/"):
        if name not in named:
            yield Problem(name, 0, "is not declared", f"add its stanza to {path}")
    for stanza, settings in transforms.stanzas.items():
        line = transforms.lines[stanza, None]
        if f"{stanza}.csv" != settings.get("filename"):
            yield Problem(path, line, f"[{stanza}] does not name {stanza}.csv", "name lookup and stanza alike")
        elif f"lookups/{stanza}.csv" not in files:
            yield Problem(path, line, f"lookups/{stanza}.csv is missing", "add it, or remove the stanza")


def check_commands(files: Files) -> Iterator[Problem]:
    """Refuse a command whose script is missing, or that has an option which searchbnf.conf does not describe."""
    commands, searchbnf = _conf(files, "default/commands.conf"), _conf(files, "default/searchbnf.conf")
    syntax = " ".join(settings.get("syntax", "") for settings in searchbnf.stanzas.values())
    for command, settings in commands.stanzas.items():
        script = f"bin/{settings.get('filename')}"
        if script not in files:
            line = commands.lines[command, None]
            yield Problem(commands.path, line, f"{script} of [{command}] is missing", "name a file of bin/")
            continue
        try:
            options = list(_options(files[script].decode()))
        except (SyntaxError, UnicodeDecodeError) as error:
            yield Problem(script, getattr(error, "lineno", 0), f"not Python: {error}", "mend it there")
            continue
        for option, line in options:
            if f"({option}=" not in syntax:
                yield Problem(script, line, f"option {option} is not in searchbnf.conf", "add it to a syntax there")


def check_macros(files: Files) -> Iterator[Problem]:
    """Refuse a saved search that cannot run because neither the app nor Splunk_SA_CIM has a macro that it calls."""
    searches = _conf(files, "default/savedsearches.conf")
    try:
        known = _macros(files)
    except SplError as error:
        yield Problem(MACROS, 0, str(error).removeprefix(f"{MACROS}: "), "mend it there")
        return
    for name, settings in searches.stanzas.items():
        try:
            macros.expand(settings.get("search", ""), known)
        except SplError as error:
            claim = f"[{name}] cannot run: {str(error).splitlines()[0]}"
            yield Problem(searches.path, searches.lines[name, "search"], claim, "define it, or correct the call")


def check_views(files: Files) -> Iterator[Problem]:
    """Refuse a dashboard that would not work, and a navigation bar that names a missing view."""
    views = {*check_view.SPLUNK_VIEWS, *(PurePosixPath(name).stem for name in _names(files, VIEWS))}
    path = "default/data/ui/nav/default.xml"
    for number, line in enumerate(files.get(path, b"").decode(errors="replace").splitlines(), start=1):
        for named in re.findall(r'<view\s[^>]*name="([^"]+)"', line):
            if named not in views:
                yield Problem(path, number, f"view {named} is missing", f"add it to {VIEWS.rstrip('/')}")
    try:
        known = _macros(files)
    except SplError:
        return  # check_macros reports it
    searches = _conf(files, "default/savedsearches.conf").stanzas
    for name in _names(files, VIEWS):
        document = view.read(files[name], name)
        check_view.check(
            document,
            views,
            lambda search: _why_not(search, known, searches),
            lambda search: output_fields(search, known),
        )
        yield from document.problems


CHECKS: tuple[Callable[[Files], Iterator[Problem]], ...] = (
    check_names,
    check_conf,
    check_manifest,
    check_identity,
    check_lookups,
    check_transforms,
    check_commands,
    check_macros,
    check_views,
)


def _why_not(search: str, known: Mapping[str, Macro], searches: conf.Stanzas) -> str | None:
    """Return why the app cannot run a search of a dashboard: a macro or a saved search is missing; None if it can run it."""
    try:
        expanded = macros.expand(search, known)
    except SplError as error:
        return str(error).splitlines()[0]
    for name in re.findall(r'\bsavedsearch\s+"([^"]+)"', expanded):
        if name not in searches:
            return f"no saved search is called {name!r}"
        if searches[name].get("disabled", "0") != "0":
            return f"the saved search {name!r} is disabled"
    return None


def _macros(files: Files) -> dict[str, Macro]:
    """Return the macros that a search of the app can call."""
    stanzas = macros.BUILT_IN | _conf(files, MACROS).stanzas
    return {name: macros.from_stanza(name, stanza, MACROS) for name, stanza in stanzas.items()}


def _options(script: str) -> Iterator[tuple[str, int]]:
    """Yield name and line of each search command option that *script* declares as `name = Option(...)`."""
    for node in ast.walk(ast.parse(script)):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Name)
            and node.value.func.id == "Option"
            and isinstance(node.targets[0], ast.Name)
        ):
            yield node.targets[0].id, node.lineno


def _names(files: Files, folder: str) -> list[str]:
    return [name for name in files if name.startswith(folder)]


def _conf(files: Files, name: str) -> Conf:
    """Return a conf file of the app; an empty one if it is missing or unreadable, which check_conf reports."""
    try:
        return conf.parse(files.get(name, b"").decode(), name)
    except (DataError, UnicodeDecodeError):
        return Conf(name, {}, {}, ())
