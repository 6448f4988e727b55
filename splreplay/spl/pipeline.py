"""Cut a search into its commands, at the pipes that are outside of quotes and subsearches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from splreplay import limits
from splreplay.errors import Span, SplSyntaxError, UnsupportedError
from splreplay.spl.tokens import (
    Cursor,
    Token,
    end_of_quoted,
    end_of_subsearch,
    is_escape,
    lex_arguments,
    lex_eval,
)


class Parser(Protocol):
    """Reads the searches inside a command; the language itself knows no commands."""

    @property
    def streaming(self) -> Sequence[str]:
        """The names of the commands that may stand in a template."""

    def subsearch(self, token: Token) -> Any:
        """Return the search in the brackets of *token*."""

    def subpipeline(self, token: Token) -> Any:
        """Return the commands in the brackets of *token*, which work on existing results."""

    def template(self, text: str) -> Any:
        """Return commands that work on existing results."""

    def filled(self, text: str) -> Any:
        """Return a search whose text was made while another ran; it has no macros."""

    def search(self, text: str) -> Any:
        """Return another search of the app, whose text may have macros."""


@dataclass(frozen=True)
class Segment:
    """One command of a search: its name, the place of its arguments in the text, and the parser of searches inside it."""

    text: str
    name: str
    name_start: int
    start: int
    end: int
    parser: Parser

    def cursor(self) -> Cursor:
        """Return a cursor over the arguments: words, or operands and operators where they are an eval expression."""
        tokens = (lex_eval if self.name in _EXPRESSIONS else lex_arguments)(self.text, self.start, self.end)
        cursor = Cursor(self.text, tokens, self.end, self.parser.subsearch)
        if len(tokens) > limits.COMMAND_WORDS:
            last = tokens[limits.COMMAND_WORDS]
            cursor.refuse(f"replay reads at most {limits.COMMAND_WORDS:,} words of a command", last, "use a lookup")
        return cursor

    @property
    def source(self) -> str:
        """The command as written."""
        return self.text[self.name_start : self.end].strip()

    def span(self, token: Token | None = None) -> Span:
        """Return where a token stands, by default the command's name."""
        if token is not None:
            return Span(self.text, token.start, token.end)
        return Span(self.text, self.name_start, self.name_start + len(self.name))

    def fail(self, message: str, remedy: str = "", token: Token | None = None) -> NoReturn:
        """Raise SplSyntaxError with a caret under *token*, by default the command's name."""
        raise SplSyntaxError(message, remedy, self.span(token))

    def refuse(self, message: str, remedy: str = "", token: Token | None = None) -> NoReturn:
        """Raise UnsupportedError with a caret under *token*, by default the command's name."""
        raise UnsupportedError(message, remedy, self.span(token))


_NAME = re.compile(r"\s*([A-Za-z_][\w.-]*)")
# Their arguments are eval expressions. In these a single quote opens the name of a field; elsewhere it is an apostrophe.
_EXPRESSIONS = ("eval", "fieldformat", "where")


def split(
    text: str, parser: Parser, start: int = 0, end: int | None = None, implied: str | None = "search"
) -> list[Segment]:
    """Return the commands of text[start:end]; where there is no leading pipe, the first may leave out the name *implied*.

    Raises:
        SplSyntaxError: If a quote or bracket is not closed, or a command has no name.
    """
    end = len(text) if end is None else end
    parts: list[tuple[int, int]] = []
    part_start = index = start
    while index < end:
        if text[index] == '"' or (text[index] == "'" and _takes_expression(text, part_start, index)):
            index = end_of_quoted(text, index)
        elif text[index] == "[":
            index = end_of_subsearch(text, index)
        elif is_escape(text, index):
            index += 2
        elif text[index] == "]":
            bracket = Span(text, index, index + 1)
            raise SplSyntaxError("this bracket closes nothing", "remove it, or open a subsearch with [", bracket)
        elif text[index] == "|":
            parts.append((part_start, index))
            index = part_start = index + 1
        else:
            index += 1
    parts.append((part_start, end))

    if len(parts) > limits.COMMANDS:
        place = parts[limits.COMMANDS][0]
        message = f"replay runs at most {limits.COMMANDS:,} commands in a row"
        raise UnsupportedError(message, span=Span(text, place, place + 1))
    segments: list[Segment] = []
    leading_pipe = not text[parts[0][0] : parts[0][1]].strip()
    if leading_pipe:
        parts = parts[1:]
    if not parts:
        raise SplSyntaxError(
            "the search is empty", "write a search, for example: | makeresults", Span(text, start, end)
        )
    for number, (part_from, part_to) in enumerate(parts):
        name = _NAME.match(text, part_from, part_to)
        if number == 0 and not leading_pipe and implied and not (name and name.group(1) == implied):
            segments.append(Segment(text, implied, part_from, part_from, part_to, parser))
        elif name is None:
            behind = Span(text, part_from, max(part_to, part_from + 1))
            raise SplSyntaxError("expected a command behind this pipe", span=behind)
        else:
            segments.append(Segment(text, name.group(1).lower(), name.start(1), name.end(1), part_to, parser))
    return segments


def _takes_expression(text: str, start: int, end: int) -> bool:
    """Whether the command that starts at *start* is one whose arguments are an eval expression."""
    name = _NAME.match(text, start, end)
    return name is not None and name.group(1).lower() in _EXPRESSIONS
