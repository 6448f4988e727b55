"""foreach: run commands once for each field whose name matches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from splreplay.run.command import Cursor, Outputs, Reads, Run, Segment, Table, Transform
from splreplay.run.execute import transform
from splreplay.spl.options import at_option, choice, read_options
from splreplay.spl.wildcards import matching

# The tokens of a template: for the field's name, and for what the wildcards of the pattern matched. Each can be renamed.
_TOKENS = {
    "fieldstr": "<<FIELD>>",
    "matchstr": "<<MATCHSTR>>",
    "matchseg1": "<<MATCHSEG1>>",
    "matchseg2": "<<MATCHSEG2>>",
    "matchseg3": "<<MATCHSEG3>>",
}


@dataclass(frozen=True)
class ForEach(Transform):
    """`foreach patterns [fieldstr=text] [matchstr=text] [matchseg1=text] … [template]`."""

    patterns: tuple[str, ...]
    template: str
    tokens: tuple[str, ...]

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> ForEach:
        """Read the patterns, the tokens and the template, which must be made of commands whatever field is put in.

        Raises:
            UnsupportedError: For mode=multivalue and mode=json_array.
        """
        tokens = dict(_TOKENS)
        patterns: list[str] = []
        while cursor.here.kind in ("word", "quoted"):
            if at_option(cursor, ("mode",)):
                start = cursor.here
                mode = read_options(cursor, {"mode": choice("multifield", "multivalue", "json_array")})["mode"]
                if mode != "multifield":
                    cursor.refuse(f"replay's foreach does not run mode={mode}", start, "write eval x=mvmap(x, …)")
            elif at_option(cursor, tokens):
                tokens |= read_options(cursor, dict.fromkeys(tokens, str))
            else:
                patterns.append(cursor.name())
            cursor.accept_op(",")
        if not patterns:
            cursor.fail("expected the names of fields, wildcards among them")
        if cursor.here.kind != "subsearch":
            cursor.fail("foreach needs a template", remedy="write: foreach a* [eval <<FIELD>>=…]")
        template = cursor.take().value
        command = cls(segment, tuple(patterns), template, tuple(tokens.values()))
        command._commands("x", *["x"] * (len(tokens) - 1))
        return command

    def reads(self, first: bool) -> Reads:
        """Return None, any field: what the template reads depends on the results."""
        return None

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results after the commands ran for each field in turn, of the fields that were there at the start.

        Source: Search Reference, "foreach".
        """
        for name, segments in self._matches(list(rows.columns)).items():
            commands = self._commands(name, *[*segments, "", "", "", ""][: len(self.tokens) - 1])
            rows = transform(rows, commands, run, Outputs(frozenset(rows.columns), open=True))
        return rows

    def _matches(self, names: list[str]) -> dict[str, tuple[str, ...]]:
        """Return the fields that match, each with what its wildcards matched in all, and what each of them matched."""
        matches: dict[str, tuple[str, ...]] = {}
        for pattern in self.patterns:
            expression = re.compile("(.*)".join(map(re.escape, pattern.split("*"))), re.S)
            for name in matching(pattern, names):
                match = expression.fullmatch(name)
                assert match is not None, "matching() knows the same wildcards"
                last = expression.groups
                whole = name[match.start(1) : match.end(last)] if last else ""
                matches.setdefault(name, (whole, *match.groups()))
        return matches

    def _commands(self, *values: str) -> Sequence[Transform]:
        """Return the commands of the template with *values* put in. They are checked, because names of fields come from data."""
        by_token = dict(zip(self.tokens, values, strict=True))
        text = re.sub("|".join(map(re.escape, self.tokens)), lambda token: by_token[token.group()], self.template)
        parser = self.segment.parser
        commands: Sequence[Transform] = parser.template(text)
        for command in commands:
            if not command.streams:
                message = f"{command.segment.name} in the template does not go through the results one by one"
                self.segment.refuse(message, f"replay takes: {' '.join(parser.streaming)}")
        return commands
