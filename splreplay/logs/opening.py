"""Open a log, compressed and encoded in any way that replay reads, and cut it into pieces of whole events."""

from __future__ import annotations

import codecs
import os
import re
import stat
import sys
import zlib
from collections.abc import Generator, Iterator
from contextlib import nullcontext, suppress
from itertools import chain
from typing import BinaryIO

from splreplay.errors import DataError

# Each block costs some milliseconds, whatever its size is.
BLOCK_BYTES = 8 << 20
# Far more than any real event, so that a file without ends of events cannot fill the memory.
MAX_EVENT_BYTES = 64 << 20
# This much compressed data is given to zlib at once. zlib copies what follows a member, and data grows a thousandfold at most.
SLICE_BYTES = 1 << 14
# The end of an event is searched in this many bytes at the end of a block.
TAIL_BYTES = 1 << 16

GZIP = b"\x1f\x8b"
# UTF-16 is recognised by its byte order mark, or by two ASCII characters at the start, the first of which is < or {.
UTF_16 = {
    re.compile(rb"\xff\xfe|\xfe\xff"): "utf-16",
    re.compile(rb"[<{]\0[\x01-\x7f]\0"): "utf-16-le",
    re.compile(rb"\0[<{]\0[\x01-\x7f]"): "utf-16-be",
}
DECLARATION = re.compile(rb"""\s*<\?xml\s[^>]{0,200}?\sencoding\s*=\s*['"]([\w.:-]{1,40})['"]""")
ASCII = bytes(range(128))
# The encodings that XML documents have, by Python's names; some of Python's other codecs are not for text.
# Source: IANA, Character Sets; those in which ASCII is other bytes (EBCDIC) are not read.
CHARSETS = re.compile(r"(cp|iso8859-|koi8-|mac-|gb|big5|euc_|shift_jis|tis-)\w*")


class Log:
    """An opened log.

    Attributes:
        blocks: The content, uncompressed and (but for .evtx) as UTF-8.
        file: The path of a file that has the content as it is; None for a compressed file or a pipe.
        flaw: Why the content ends early, or None; set when `blocks` is used up.
        size: The bytes of the file, compressed or not; 0 where this is not known.
        taken: How many of them were read.
        end: What an event ends with, set by its reader; from then on, blocks of a file end with it if possible.
        large: Whether blocks of a file have twice the size, set by a reader to which each block costs much.

    Raises:
        DataError: If the file cannot be opened, or has an encoding that replay does not read.
    """

    def __init__(self, path: str, content: bytes | None = None) -> None:
        """Open *path*; "-" is standard input. If *content* is given, the log is that, and *path* only its name."""
        self.path = path
        self.flaw: str | None = None
        self.size = os.path.getsize(path) if content is None and os.path.isfile(path) else 0
        self.taken = 0
        self.end = b""
        self.large = False
        head, blocks = peek(self._read() if content is None else iter([content]))
        compressed = head.startswith(GZIP)
        if compressed:
            head, blocks = peek(self._gunzip(blocks))
        encoding = next((name for start, name in UTF_16.items() if start.match(head)), None)
        if encoding:
            head, blocks = peek(_transcode(blocks, encoding))
        elif head.startswith(codecs.BOM_UTF8):
            head = head[len(codecs.BOM_UTF8) :]
            next(blocks)
            blocks = chain([head], blocks)
        elif declared := _declared(head, path):
            head, blocks = peek(_transcode(blocks, declared))
        self.blocks = blocks
        self.file = path if content is None and not compressed and os.path.isfile(path) else None

    def _read(self) -> Iterator[bytes]:
        try:
            with nullcontext(sys.stdin.buffer) if self.path == "-" else open(self.path, "rb") as stream:
                if _is_device(stream):
                    raise DataError("this is a device, which may have no end: name a file or a pipe", self.path)
                while block := stream.read(self._block_bytes(stream)):
                    self.taken += len(block)
                    yield block
        except IsADirectoryError:
            raise DataError("this is a directory: name the log files in it", self.path) from None
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror}", self.path) from None

    def _block_bytes(self, stream: BinaryIO) -> int:
        """Return how much to read: a block of whole events need not be copied and joined to the next."""
        size = BLOCK_BYTES << self.large
        start = self.taken + size - TAIL_BYTES
        if not self.end or start < self.taken or start >= self.size:
            return size
        stream.seek(start)
        tail = stream.read(TAIL_BYTES)
        stream.seek(self.taken)
        at = tail.rfind(self.end)
        return size - TAIL_BYTES + at + len(self.end) if at >= 0 else size

    def _gunzip(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Uncompress one or more gzip members, and put their text together into blocks."""
        texts: list[bytes] = []
        size = 0
        for text in self._members(blocks):
            texts.append(text)
            size += len(text)
            if size >= BLOCK_BYTES:
                yield b"".join(texts)
                texts, size = [], 0
        if texts:
            yield b"".join(texts)

    def _members(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        member = zlib.decompressobj(wbits=31)
        place = 0
        for block in blocks:
            for start in range(0, len(block), SLICE_BYTES):
                rest = block[start : start + SLICE_BYTES]
                place += len(rest)
                while rest:
                    if member.eof:
                        rest = rest.lstrip(b"\0")  # the padding of a tape or a sector
                        if not rest:
                            break
                        member = zlib.decompressobj(wbits=31)
                    undamaged = member.copy()
                    try:
                        yield member.decompress(rest)
                    except zlib.error as error:
                        place -= yield from _before_damage(undamaged, rest)
                        self.flaw = (
                            f"the gzip data is damaged, what follows byte {place:,} of the file is lost ({error})"
                        )
                        return
                    rest = member.unused_data
        if not member.eof:
            self.flaw = "the gzip data ends early: copy the file again, what follows is lost"


def _is_device(stream: BinaryIO) -> bool:
    """Return whether a stream is a character device such as /dev/zero, but not a terminal, where somebody types."""
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except OSError:  # it is not a file of the system
        return False
    return stat.S_ISCHR(mode) and not stream.isatty()


def _before_damage(member: zlib._Decompress, rest: bytes) -> Generator[bytes, None, int]:
    """Yield all that a member holds before the damage in *rest*; return how much of *rest* follows it.

    A call of zlib that meets an error returns nothing. So it is asked for less and less text. In the end it gets single bytes,
    because it reads ahead, but first none: it may still hold text that it had no room for.
    """
    size = BLOCK_BYTES
    while size:
        before = member.copy()
        try:
            text = member.decompress(rest, size)
        except zlib.error:
            member, size = before, size // 2
        else:
            yield text
            rest = member.unconsumed_tail
    with suppress(zlib.error):
        yield member.decompress(b"")
        while rest:
            yield member.decompress(rest[:1])
            rest = rest[1:]
    return len(rest)


def whole(log: Log, end: bytes, variant: re.Pattern[bytes]) -> Iterator[tuple[int, bytes]]:
    """Cut a log into large pieces of whole events; yields (offset, piece).

    Args:
        log: The log.
        end: What an event ends with.
        variant: Its other ends: *end* with white space in it.
    """
    offset, pending = 0, b""
    log.end = end
    for block in log.blocks:
        at = block.rfind(end) + len(end)
        if at >= len(end):
            piece = b"".join((pending, memoryview(block)[:at])) if pending else block[:at]
            pending = block[at:]
        else:
            pending += block
            at = max((match.end() for match in variant.finditer(pending)), default=0)
            if not at and len(pending) > MAX_EVENT_BYTES:
                at = len(pending)
            piece, pending = pending[:at], pending[at:]
        if piece:
            yield offset, piece
            offset += len(piece)
    if pending:
        yield offset, pending


def peek(blocks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first block, and all blocks including it."""
    head = next(blocks, b"")
    return head, chain([head], blocks)


def gather(blocks: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """Return the first blocks that have *size* bytes together, or all of them, and all blocks including these."""
    taken = []
    for block in blocks:
        taken.append(block)
        size -= len(block)
        if size <= 0:
            break
    head = b"".join(taken)
    return head, chain([head] if head else [], blocks)


def _transcode(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for block in blocks:
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", final=True).encode()


def _declared(head: bytes, path: str) -> str | None:
    """Return the encoding that an XML declaration names, None where it is UTF-8 or names none."""
    declaration = DECLARATION.match(head)
    name = declaration[1].decode() if declaration else "utf-8"
    # A file that declares UTF-16 but has another encoding was converted without its declaration.
    if re.fullmatch(r"utf-?(8|16([lb]e)?)|us-ascii", name, re.IGNORECASE):
        return None
    try:
        if CHARSETS.fullmatch(codecs.lookup(name).name) and ASCII.decode(name, "replace") == ASCII.decode():
            return name
    except (LookupError, ValueError):
        pass
    raise DataError(f"it declares the encoding {name!r}, which replay does not read: convert it to UTF-8", path)
