"""Read the text of a search into its commands, and collect every error that keeps one from being run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

from splreplay import limits
from splreplay.commands import NAMES, class_of, remedy
from splreplay.commands.external import External
from splreplay.errors import Span, SplError, SplSyntaxError, UnsupportedError
from splreplay.run.command import Command, Pipeline, Source, Transform, Unread
from splreplay.spl.pipeline import Segment, split
from splreplay.spl.tokens import Token

_Kind = TypeVar("_Kind", Source, Transform)

# The commands of an app by name, with the fields that each adds to results; None where they are not known.
Custom = Mapping[str, Collection[str] | None]


def parse(text: str, custom: Custom | None = None, read: Callable[[str], Pipeline] | None = None) -> Pipeline:
    """Return the commands of an expanded search (no macros in it); *custom* and *read* are those of `outline`.

    Raises:
        SplSyntaxError: If the text is wrong; shows where.
        UnsupportedError: If replay does not run a command, an option or a function in it; shows which.
    """
    pipeline, errors = outline(text, custom or {}, read or parse)
    if errors:
        raise errors[0]
    return pipeline


def outline(text: str, custom: Custom, read: Callable[[str], Pipeline] = parse) -> tuple[Pipeline, list[SplError]]:
    """Return the commands of an expanded search, and what is wrong with it, in the order of the text.

    A command that cannot be read becomes an Unread, which may do anything.

    Args:
        text: The search.
        custom: The app's own commands.
        read: Reads another search of the app, for a command that runs it.
    """
    errors: list[SplError] = []
    parser = _Parser(text, custom, read, errors)
    try:
        return parser.pipeline(0, len(text)), errors
    except RecursionError:
        errors.append(UnsupportedError("the search nests deeper than replay reads"))
        return parser.unread(0, len(text)), errors


@dataclass(frozen=True)
class _Parser:
    """Reads one search and the searches inside it; *depth* is how many searches are around it."""

    text: str
    custom: Custom
    search: Callable[[str], Pipeline]
    errors: list[SplError] = field(compare=False)
    depth: int = 0

    @cached_property
    def streaming(self) -> Sequence[str]:
        return [name for name in NAMES if (command := class_of(name)) and command.streams]

    def subsearch(self, token: Token) -> Pipeline:
        if self.depth >= limits.SUBSEARCH_DEPTH:
            message = f"replay runs at most {limits.SUBSEARCH_DEPTH} subsearches inside each other"
            raise UnsupportedError(message, span=Span(self.text, token.start, token.start + 1))
        return replace(self, depth=self.depth + 1).pipeline(token.start + 1, token.end - 1)

    def subpipeline(self, token: Token) -> tuple[Transform, ...]:
        if self.depth >= limits.SUBSEARCH_DEPTH:
            message = f"replay runs at most {limits.SUBSEARCH_DEPTH} subpipelines inside each other"
            raise UnsupportedError(message, span=Span(self.text, token.start, token.start + 1))
        inner = replace(self, depth=self.depth + 1)
        return tuple(map(inner.transform, split(self.text, inner, token.start + 1, token.end - 1, implied=None)))

    def filled(self, text: str) -> Pipeline:
        if self.depth >= limits.SUBSEARCH_DEPTH:
            raise UnsupportedError(f"replay runs at most {limits.SUBSEARCH_DEPTH} searches inside each other")
        errors: list[SplError] = []
        pipeline = replace(self, text=text, errors=errors, depth=self.depth + 1).pipeline(0, len(text))
        if errors:
            raise errors[0]
        return pipeline

    def template(self, text: str) -> tuple[Transform, ...]:
        if self.depth >= limits.SUBSEARCH_DEPTH:
            raise UnsupportedError(f"replay runs at most {limits.SUBSEARCH_DEPTH} templates inside each other")
        errors: list[SplError] = []
        inner = replace(self, text=f"| {text}", errors=errors, depth=self.depth + 1)
        commands = tuple(inner.transform(segment) for segment in split(inner.text, inner))
        if errors:
            raise errors[0]
        return commands

    def pipeline(self, start: int, end: int) -> Pipeline:
        """Return the commands of text[start:end]."""
        try:
            first, *others = split(self.text, self, start, end)
        except SplError as error:
            self.errors.append(error)
            return self.unread(start, end)
        return (self.source(first), *map(self.transform, others))

    def unread(self, start: int, end: int) -> Pipeline:
        """Return one command that stands for text which cannot be cut into commands."""
        return (Unread(Segment(self.text, "", start, start, end, self)),)

    def source(self, segment: Segment) -> Source:
        """Return the first command of a search."""
        message = f"a search cannot start with {segment.name!r}, which works on results"
        remedy = "start with search, | tstats, | from, | makeresults, | inputlookup or | savedsearch"
        return self.command(segment, Source, UnsupportedError(message, remedy, segment.span()))

    def transform(self, segment: Segment) -> Transform:
        """Return a command behind the first."""
        message = f"{segment.name!r} makes its own results, so it must come first"
        remedy = "put it in a subsearch: | append [| …]"
        return self.command(segment, Transform, SplSyntaxError(message, remedy, segment.span()))

    def command(self, segment: Segment, kind: type[_Kind], misplaced: SplError) -> _Kind | Unread:
        """Return a command of one kind, or what stands for one with an error; *misplaced* is that of another kind."""
        try:
            return self.read(segment, kind, misplaced)
        except SplError as error:
            self.errors.append(error)
            return Unread(segment)

    def read(self, segment: Segment, kind: type[_Kind], misplaced: SplError) -> _Kind:
        named = self.named(segment)
        if not issubclass(named, kind):
            raise misplaced
        cursor = segment.cursor()
        command = named.parse(segment, cursor)
        cursor.finish()
        if isinstance(command, External):
            command = replace(command, adds=self.custom[segment.name])
        assert isinstance(command, kind), "a command is read as what its class is"
        return command

    def named(self, segment: Segment) -> type[Command]:
        """Return the command of a segment's name; UnsupportedError for one that replay does not know."""
        name = segment.name
        if command := class_of(name):
            return command
        if name in self.custom:
            return External
        known = f"replay knows: {' '.join(sorted({*NAMES, *self.custom}))}"
        raise UnsupportedError(f"unsupported command {name!r}", remedy(segment), segment.span(), known)
