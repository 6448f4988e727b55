"""Writes .evtx files for the tests: one chunk, no templates, and every value is text.

Windows writes templates, so this shows that a real parser's records arrive, not that every .evtx file can be read.
Source of the format: libyal/libevtx documentation/Windows XML Event Log (EVTX).asciidoc.
"""

from __future__ import annotations

import binascii
import struct
from xml.etree import ElementTree

CHUNK_BYTES = 65536


def write_evtx(*events: str) -> bytes:
    """Return a file with some events, which are given as XML."""
    chunk = bytearray(512)
    last = 0
    for number, event in enumerate(events, 1):
        last = len(chunk)
        chunk += _record(number, last, ElementTree.fromstring(event))
    free = len(chunk)
    chunk += bytes(CHUNK_BYTES - free)
    sum_of_records = binascii.crc32(chunk[512:free])
    numbers = (1, len(events), 1, len(events))
    struct.pack_into("<8s4Q4I", chunk, 0, b"ElfChnk", *numbers, 128, last, free, sum_of_records)
    struct.pack_into("<I", chunk, 124, binascii.crc32(chunk[:120] + chunk[128:512]))
    head = bytearray(4096)
    struct.pack_into("<8s3QI4H", head, 0, b"ElfFile", 0, 0, len(events) + 1, 128, 1, 3, 4096, 1)
    struct.pack_into("<I", head, 124, binascii.crc32(head[:120]))
    return bytes(head + chunk)


def _record(number: int, offset: int, event: ElementTree.Element) -> bytes:
    record = bytearray(struct.pack("<IIQQ", 0x2A2A, 0, number, 132_000_000_000_000_000))
    record += b"\x0f\x01\x01\x00"
    _element(record, offset, event)
    record += b"\x00"
    record += bytes(-(len(record) + 4) % 8)
    struct.pack_into("<I", record, 4, len(record) + 4)
    return bytes(record + struct.pack("<I", len(record) + 4))


def _element(record: bytearray, offset: int, element: ElementTree.Element) -> None:
    attributes = list(element.attrib.items())
    record += b"\x41" if attributes else b"\x01"
    start = len(record)
    record += bytes(4)
    _name(record, offset, element.tag.rpartition("}")[2])
    if attributes:
        list_start = len(record)
        record += bytes(4)
        for left, (name, value) in enumerate(reversed(attributes)):
            record += b"\x46" if left < len(attributes) - 1 else b"\x06"
            _name(record, offset, name)
            _text(record, value)
        struct.pack_into("<I", record, list_start, len(record) - list_start - 4)
    if len(element) or element.text:
        record += b"\x02"
        if element.text:
            _text(record, element.text)
        for child in element:
            _element(record, offset, child)
        record += b"\x04"
    else:
        record += b"\x03"
    struct.pack_into("<I", record, start, len(record) - start - 4)


def _name(record: bytearray, offset: int, name: str) -> None:
    digest = 0
    for char in name:
        digest = (digest * 65599 + ord(char)) & 0xFFFFFFFF
    record += struct.pack("<IIHH", offset + len(record) + 4, 0, digest & 0xFFFF, len(name))
    record += name.encode("utf-16-le") + bytes(2)


def _text(record: bytearray, text: str) -> None:
    encoded = text.encode("utf-16-le")
    record += b"\x05\x01" + struct.pack("<H", len(encoded) // 2) + encoded
