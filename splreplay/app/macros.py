"""Macros: `name` and `name(a, b)` in a search are replaced by text before the search is parsed (Search Manual, "Use search macros").

Comments, in three backticks, are removed at the same time (Search Manual, "Add comments to searches").
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from splreplay import limits
from splreplay.errors import DataError, Span, SplError, SplSyntaxError, UnsupportedError, UsageError, there_is
from splreplay.spl.tokens import end_of_quoted, is_escape

# Comes with Splunk_SA_CIM, without which a Splunk has no data models; splunk/addonfactory-splunk_sa_cim default/macros.conf.
BUILT_IN = {"drop_dm_object_name(1)": {"definition": 'rename "$object$.*" as *', "args": "object"}}
# The macros by which security_content's searches of Windows events begin, and the channels that they mean; the definitions are
# replay's own, for a log whose every channel is the `source` of an XmlWinEventLog input.
CHANNELS = {
    "applocker": "Microsoft-Windows-AppLocker/*",
    "capi2_operational": "Microsoft-Windows-CAPI2/Operational",
    "certificateservices_lifecycle": "Microsoft-Windows-CertificateServicesClient-Lifecycle-*/Operational",
    "ms_defender": "Microsoft-Windows-Windows Defender/Operational",
    "ntlm_audit": "Microsoft-Windows-NTLM/Operational",
    "powershell": "Microsoft-Windows-PowerShell/Operational",
    "printservice": "Microsoft-Windows-PrintService/*",
    "remoteconnectionmanager": "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational",
    "sysmon": "Microsoft-Windows-Sysmon/Operational",
    "wineventlog_application": "Application",
    "wineventlog_security": "Security",
    "wineventlog_system": "System",
    "wineventlog_task_scheduler": "Microsoft-Windows-TaskScheduler/Operational",
}
# Come with security_content, whose detections call them; splunk/security_content@1aff13de macros/*.yml. Sites set them in local/.
STANDARD = {
    **{name: {"definition": f'source="XmlWinEventLog:{channel}"'} for name, channel in CHANNELS.items()},
    "fillnull_config": {"definition": "null"},
    "oldsummaries_config": {"definition": "true"},
    "summariesonly_config": {"definition": "false"},
    "security_content_ctime(1)": {
        "definition": 'convert timeformat="%Y-%m-%dT%H:%M:%S" ctime($field$)',
        "args": "field",
    },
    "security_content_summariesonly": {
        "definition": "summariesonly=`summariesonly_config` allow_old_summaries=`oldsummaries_config` "
        "fillnull_value=`fillnull_config`"
    },
}
_COMMENT = "```"


@dataclass(frozen=True)
class Macro:
    """A macro: its text, with `$argument$` for its arguments; *unsupported* names the settings that replay does not support."""

    name: str
    definition: str
    arguments: tuple[str, ...]
    unsupported: str = ""


@dataclass(frozen=True)
class Expansion:
    """A search with its macros expanded.

    Attributes:
        text: The expanded text.
        pieces: For each piece of the text: where it starts, where in the search it comes from, and whether the search has it
            word for word. The text of a macro comes from the place of its call.
    """

    text: str
    pieces: tuple[tuple[int, int, bool], ...]

    def origin(self, offset: int) -> int:
        """Return where in the search the text at *offset* comes from."""
        start, origin, verbatim = self.pieces[bisect_right(self.pieces, offset, key=lambda piece: piece[0]) - 1]
        return origin + (offset - start if verbatim else 0)


def from_stanza(name: str, stanza: Mapping[str, str], path: str) -> Macro:
    """Return the macro of a macros.conf stanza; a call of one with `iseval` or `validation` is refused.

    Raises:
        DataError: If it has no definition, or its name and its `args` disagree on their number.
    """
    unsupported = [
        key for key in ("iseval", "validation") if stanza.get(key, "0").lower() not in ("0", "false", "f", "")
    ]
    if "definition" not in stanza:
        raise DataError(f"macro [{name}] has no definition; add one", path)
    arguments = tuple(part.strip() for part in stanza.get("args", "").split(",") if part.strip())
    arity = re.search(r"\((\d+)\)$", name)
    if int(arity.group(1) if arity else 0) != len(arguments):
        raise DataError(f"macro [{name}] does not have as many args as its name says; mend args", path)
    return Macro(name, stanza["definition"], arguments, " and ".join(unsupported))


def override(macros: Mapping[str, Macro], assignment: str) -> dict[str, Macro]:
    """Return *macros* with one of them replaced, or with another one, by `NAME=DEFINITION`, as local/macros.conf would.

    The arguments of a macro that is not there are named, as in `NAME(field, other)=DEFINITION`; of one that is, their number will do.

    Raises:
        UsageError: If the text is not of that form.
    """
    match = re.fullmatch(r"\s*([^()\s=`]+)(?:\(([^()=`]*)\))?\s*=(.*)", assignment, re.S)
    if match is None:
        raise UsageError(f"--macro {assignment!r} is not NAME=DEFINITION")
    name, inside, definition = match.groups()
    arguments = tuple(part.strip() for part in inside.split(",")) if inside is not None else ()
    if (numbered := f"{name}({inside})") in macros:
        arguments = macros[numbered].arguments
    elif not all(re.fullmatch(r"[A-Za-z_]\w*", argument) for argument in arguments):
        remedy = f"name its arguments: --macro '{name}(field)=…'"
        raise UsageError(f"--macro defines {numbered!r}, and what its arguments are called is not known", remedy)
    key = f"{name}({len(arguments)})" if arguments else name
    return {**macros, key: Macro(key, definition.strip(), arguments)}


def expand(text: str, macros: Mapping[str, Macro]) -> str:
    """Return what `expansion` does, as text."""
    return expansion(text, macros).text


def expansion(text: str, macros: Mapping[str, Macro]) -> Expansion:
    """Return *text* with every macro outside of quotes replaced, also those in the replacements.

    Raises:
        SplSyntaxError: If a macro is not known, is not closed, or gets a wrong number of arguments.
        UnsupportedError: If macros call each other without end, or replay does not support one of them.
    """
    return _expand(text, macros, 0, itertools.count(1))


def _expand(text: str, macros: Mapping[str, Macro], depth: int, calls: Iterator[int]) -> Expansion:
    if depth > limits.MACRO_DEPTH:
        raise UnsupportedError(f"macros call each other more than {limits.MACRO_DEPTH} deep; one of them calls itself")
    parts: list[str] = []
    pieces: list[tuple[int, int, bool]] = []
    size = 0

    def add(part: str, origin: int, verbatim: bool) -> None:
        nonlocal size
        pieces.append((size, origin, verbatim))
        parts.append(part)
        size += len(part)

    copied = 0
    while (index := _unquoted("`", text, copied)) is not None:
        add(text[copied:index], copied, True)
        end = _end_of_call(text, index)
        add(_expand_call(text, index, end, macros, depth, calls), index, False)
        if size > limits.MAX_SEARCH_CHARACTERS:
            raise UnsupportedError("the macros expand to more text than replay reads")
        copied = end
    add(text[copied:], copied, True)
    return Expansion("".join(parts), tuple(pieces))


def _end_of_call(text: str, start: int) -> int:
    if text.startswith(_COMMENT, start):
        end = text.find(_COMMENT, start + len(_COMMENT))
        if end < 0:
            opening = Span(text, start, start + len(_COMMENT))
            raise SplSyntaxError("this comment is never closed", f"add the missing {_COMMENT}", opening)
        return end + len(_COMMENT)
    closing = _unquoted("`", text, start + 1)
    if closing is None:
        raise SplSyntaxError("this macro is never closed", "add the missing `", Span(text, start, start + 1))
    return closing + 1


def _unquoted(characters: str, text: str, start: int) -> int | None:
    """Return where the first of *characters* stands in *text*, from *start* on and outside of quotes; None if none does."""
    index = start
    sought = re.compile(f'[\\\\"{characters}]')
    while match := sought.search(text, index):
        index = match.start()
        if match[0] == '"':
            index = end_of_quoted(text, index)
        elif match[0] == "\\":
            index += 2 if is_escape(text, index) else 1
        else:
            return index
    return None


def _expand_call(text: str, start: int, end: int, macros: Mapping[str, Macro], depth: int, calls: Iterator[int]) -> str:
    if next(calls) > limits.MACRO_CALLS:
        raise UnsupportedError(f"the macros of this search call others more than {limits.MACRO_CALLS:,} times")
    call = text[start + 1 : end - 1].strip()
    # A comment separates the words on both sides †; `comment("…")` is the built-in macro of earlier versions.
    if text.startswith(_COMMENT, start):
        return " "
    if call.startswith("comment("):
        return ""
    match = re.fullmatch(r"([^()\s]+)\s*(?:\((.*)\))?", call, re.S)
    if match is None:
        raise SplSyntaxError("this is not a macro call", "write `name` or `name(argument)`", Span(text, start, end))
    name, inside = match.groups()
    arguments = _split_arguments(inside) if inside is not None and inside.strip() else []
    key = f"{name}({len(arguments)})" if arguments else name
    macro = macros.get(key)
    if macro is None:
        near = sorted(other for other in macros if other.partition("(")[0] == name)
        hint = (
            f"there is {' '.join(near)}"
            if near
            else f"{there_is('the app', key, macros)}; --macro defines it for a run"
        )
        raise SplSyntaxError(f"no macro is called {key!r}", hint, Span(text, start, end))
    if macro.unsupported:
        message = f"macro {key} uses {macro.unsupported}, which replay does not run"
        hint = f"for this run give it a text of its own: --macro '{key}=…'"
        raise UnsupportedError(message, hint, Span(text, start, end))
    definition = macro.definition
    if arguments:
        values = dict(zip(macro.arguments, arguments, strict=True))
        definition = re.sub(
            "|".join(re.escape(f"${argument}$") for argument in macro.arguments),
            lambda token: values[token.group()[1:-1]],
            definition,
        )
    try:
        return _expand(definition, macros, depth + 1, calls).text
    except SplError as error:
        error.place(Span(text, start, end))
        raise


def _split_arguments(text: str) -> list[str]:
    """Return the arguments, cut at commas outside of quotes and parentheses; an argument that is quoted loses its quotes."""
    edges, depth, index = [-1], 0, 0
    while (at := _unquoted("(),", text, index)) is not None:
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if text[at] == "," and depth == 0:
            edges.append(at)
        index = at + 1
    arguments = [text[start + 1 : end].strip() for start, end in itertools.pairwise([*edges, len(text)])]
    return [
        argument[1:-1] if argument.startswith('"') and end_of_quoted(argument, 0) == len(argument) else argument
        for argument in arguments
    ]
