"""The tokens of SPL with their places, and the cursor through which every parser reads them.

SPL has two lexical worlds. Arguments and search predicates are made of words that end at white space
(`a-b` is one word); eval expressions are made of operators and operands (`a-b` is a difference).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from splreplay.errors import Span, SplSyntaxError, UnsupportedError


@dataclass(frozen=True)
class Token:
    """One token: *value* is what it means, *text[start:end]* of the search is how it is written.

    Kinds: word, quoted (double quotes), field (single quotes), number, op, subsearch (value is the inner text), end.
    """

    kind: str
    value: str
    start: int
    end: int

    def is_op(self, *values: str) -> bool:
        """Whether this is one of the operators or punctuation marks *values*."""
        return self.kind == "op" and self.value in values

    def is_word(self, *values: str) -> bool:
        """Whether this is an unquoted word, in any case, among *values* (given in lower case)."""
        return self.kind == "word" and self.value.lower() in values


def unescape(written: str) -> str:
    r"""Return the text of a quoted string: `\"` and `\\` lose their backslash, `\d` keeps it (regular expressions)."""
    return re.sub(r'\\(["\\])', r"\1", written)


def quoted(text: str) -> str:
    """Return the quoted string that `unescape` reads as *text*."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def end_of_quoted(text: str, start: int) -> int:
    """Return the offset behind the quote that closes the one at *start*; SplSyntaxError if none does."""
    quote = text[start]
    index = start + 1
    while index < len(text):
        if text[index] == "\\":
            index += 2
        elif text[index] == quote:
            return index + 1
        else:
            index += 1
    raise SplSyntaxError(
        "this quotation mark is never closed", f"add the missing {quote}", Span(text, start, start + 1)
    )


def is_escape(text: str, index: int) -> bool:
    r"""Return whether *text* has `\"`, `\|` or `\\` at *index*: outside of quotes too, a backslash escapes these three.

    Source: Search Reference, "search", "Quotes and escaping characters".
    """
    return text[index] == "\\" and text[index + 1 : index + 2] in ('"', "|", "\\")


def end_of_subsearch(text: str, start: int) -> int:
    """Return the offset behind the bracket that closes the one at *start*; SplSyntaxError if none does."""
    depth = 0
    index = start
    while index < len(text):
        if text[index] == '"':
            index = end_of_quoted(text, index)
            continue
        if is_escape(text, index):
            index += 2
            continue
        depth += {"[": 1, "]": -1}.get(text[index], 0)
        index += 1
        if depth == 0:
            return index
    raise SplSyntaxError("this subsearch is never closed", "add the missing ]", Span(text, start, start + 1))


# The operators of an eval expression that are words.
OPERATORS = ("and", "or", "xor", "not", "like", "in")

_SPACE = re.compile(r"\s+")
_ARGUMENT_OP = re.compile(r"!=|<=|>=|[=<>(),]")
_ARGUMENT_WORD = re.compile(r'(?:\\.|[^\s"=<>(),!\[\]|]|!(?!=))+', re.S)
_EVAL_NUMBER = re.compile(r"(?:\d+\.\d+|\d+|\.\d+)(?:[eE][-+]?\d+)?(?![\w])")
_EVAL_OP = re.compile(r"!=|<=|>=|==|[-+*/%.=<>(),]")
# A name in braces stands for what that field holds, in the name of the field that eval sets.
_EVAL_WORD = re.compile(r"(?:[A-Za-z_]|\{[\w:@. -]+\})(?:[\w:@{}]|(?<=\{)[\w:@. -]+(?=\}))*", re.ASCII)


def lex_arguments(text: str, start: int, end: int) -> list[Token]:
    """Return the words of text[start:end] as command arguments or a search predicate."""
    tokens: list[Token] = []
    index = start
    while index < end:
        if space := _SPACE.match(text, index, end):
            index = space.end()
        elif text[index] == '"':
            stop = end_of_quoted(text, index)
            tokens.append(Token("quoted", unescape(text[index + 1 : stop - 1]), index, stop))
            index = stop
        elif text[index] == "[":
            stop = end_of_subsearch(text, index)
            tokens.append(Token("subsearch", text[index + 1 : stop - 1], index, stop))
            index = stop
        elif op := _ARGUMENT_OP.match(text, index, end):
            tokens.append(Token("op", op.group(), index, op.end()))
            index = op.end()
        elif word := _ARGUMENT_WORD.match(text, index, end):
            tokens.append(Token("word", re.sub(r'\\(["\\|])', r"\1", word.group()), index, word.end()))
            index = word.end()
        else:
            raise SplSyntaxError(f"unexpected {text[index]!r}", span=Span(text, index, index + 1))
    return tokens


def lex_eval(text: str, start: int, end: int) -> list[Token]:
    """Return the operators and operands of text[start:end] as an eval expression."""
    tokens: list[Token] = []
    index = start
    while index < end:
        if space := _SPACE.match(text, index, end):
            index = space.end()
        elif text[index] in "\"'":
            stop = end_of_quoted(text, index)
            kind = "quoted" if text[index] == '"' else "field"
            tokens.append(Token(kind, unescape(text[index + 1 : stop - 1]), index, stop))
            index = stop
        elif not (text[index] == "." and _ends_operand(tokens)) and (number := _EVAL_NUMBER.match(text, index, end)):
            tokens.append(Token("number", number.group(), index, number.end()))
            index = number.end()
        elif op := _EVAL_OP.match(text, index, end):
            tokens.append(Token("op", op.group(), index, op.end()))
            index = op.end()
        elif word := _EVAL_WORD.match(text, index, end):
            tokens.append(Token("word", word.group(), index, word.end()))
            index = word.end()
        else:
            hint = "put field names with special characters in single quotes, text in double quotes: 'a b'=\"x\""
            raise SplSyntaxError(f"unexpected {text[index]!r} in an expression", hint, Span(text, index, index + 1))
    return tokens


def _ends_operand(tokens: Sequence[Token]) -> bool:
    """Whether a dot behind *tokens* joins, as in `name.1`, where it cannot start a number, as it does in `a AND .5`."""
    if not tokens or tokens[-1].is_word(*OPERATORS):
        return False
    return tokens[-1].kind != "op" or tokens[-1].value == ")"


@dataclass
class Cursor:
    """A place in the tokens of one command, which every parser moves forward and uses to raise errors.

    *subsearch* parses the search inside a subsearch token.
    """

    text: str
    tokens: Sequence[Token]
    end: int
    subsearch: Callable[[Token], Any]
    position: int = field(default=0)

    @property
    def here(self) -> Token:
        """The next token; of kind "end" behind the last one."""
        if self.position < len(self.tokens):
            return self.tokens[self.position]
        return Token("end", "", self.end, self.end)

    def ahead(self, distance: int = 1) -> Token:
        """The token *distance* places behind the next one."""
        return replace(self, position=self.position + distance).here

    def take(self) -> Token:
        """Return the next token and move behind it."""
        token = self.here
        self.position += 1
        return token

    def accept_op(self, *values: str) -> bool:
        """Move behind the next token if it is one of the operators *values*."""
        if self.here.is_op(*values):
            self.position += 1
            return True
        return False

    def accept_word(self, *values: str) -> bool:
        """Move behind the next token if it is one of the words *values* (lower case), in any case."""
        if self.here.is_word(*values):
            self.position += 1
            return True
        return False

    def expect_op(self, value: str) -> Token:
        """Return the operator *value*, or fail."""
        if not self.here.is_op(value):
            self.fail(f"expected {value!r}")
        return self.take()

    def name(self, what: str = "a field name") -> str:
        """Return the next token as a name, quoted or not, or fail saying that *what* is missing."""
        if self.here.kind not in ("word", "quoted"):
            self.fail(f"expected {what}")
        token = self.take()
        if token.kind == "word" and self.here.is_op("(") and self.here.start == token.end:
            opening, closing = self.parenthesised()
            return token.value + self.text[opening.start : closing.end]
        return token.value

    def names(self, what: str = "a field name") -> list[str]:
        """Return one name or more, separated by white space or commas, of which there may be too many.

        It ends before the first token that cannot be a name.
        """
        self.skip_commas()
        names = [self.name(what)]
        self.skip_commas()
        while self.here.kind in ("word", "quoted"):
            names.append(self.name(what))
            self.skip_commas()
        return names

    def skip_commas(self) -> None:
        """Move behind the commas here: public searches have empty elements in their lists."""
        while self.accept_op(","):
            pass

    def parenthesised(self) -> tuple[Token, Token]:
        """Move behind the parenthesis here and all that is in it, and return the two tokens around that."""
        opening = token = self.expect_op("(")
        depth = 1
        while depth:
            if self.here.kind == "end":
                self.fail("this parenthesis is never closed", opening)
            token = self.take()
            depth += token.is_op("(") - token.is_op(")")
        return opening, token

    def finish(self) -> None:
        """Fail unless every token was read."""
        if self.here.kind != "end":
            self.fail("did not expect this here")

    def fail(self, message: str, token: Token | None = None, remedy: str = "") -> NoReturn:
        """Raise SplSyntaxError with a caret under *token*, by default the next one."""
        raise SplSyntaxError(message, remedy, self._span(token))

    def refuse(self, message: str, token: Token | None = None, remedy: str = "", known: str = "") -> NoReturn:
        """Raise UnsupportedError with a caret under *token*, by default the next one."""
        raise UnsupportedError(message, remedy, self._span(token), known)

    def _span(self, token: Token | None) -> Span:
        token = token or self.here
        return Span(self.text, token.start, token.end)
