"""Writes small databases in the MaxMind format (MaxMind DB File Format Specification, version 2.0)."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Mapping
from typing import Any

_UINT16, _UINT32, _MAP, _UINT64, _ARRAY = 5, 6, 7, 9, 11
_MARK = b"\xab\xcd\xefMaxMind.com"


def database(networks: Mapping[str, Any]) -> bytes:
    """Return a database of *networks*, each with its record of texts, numbers, lists and mappings."""
    tree: list[list[int | bytes | None]] = [[None, None]]
    for network, record in networks.items():
        parsed = ipaddress.ip_network(network)
        # IPv4 addresses are those of ::/96.
        bits = f"{int(parsed.network_address):0128b}"
        length = parsed.prefixlen + (96 if parsed.version == 4 else 0)
        node = 0
        for bit in map(int, bits[: length - 1]):
            if not isinstance(tree[node][bit], int):
                tree.append([None, None])
                tree[node][bit] = len(tree) - 1
            node = int(tree[node][bit] or 0)
        tree[node][int(bits[length - 1])] = _encoded(record)
    data = b""
    nodes = b""
    for sides in tree:
        for side in sides:
            if isinstance(side, bytes):
                nodes += (len(tree) + 16 + len(data)).to_bytes(3, "big")
                data += side
            else:
                nodes += (len(tree) if side is None else side).to_bytes(3, "big")
    about = {
        "node_count": len(tree),
        "record_size": (_UINT16, 24),
        "ip_version": (_UINT16, 6),
        "database_type": "Test",
        "languages": ["en"],
        "binary_format_major_version": (_UINT16, 2),
        "binary_format_minor_version": (_UINT16, 0),
        "build_epoch": (_UINT64, 1),
        "description": {"en": "made by a test"},
    }
    return nodes + bytes(16) + data + _MARK + _encoded(about)


def _encoded(value: Any) -> bytes:
    match value:
        case str():
            return _control(2, len(value.encode())) + value.encode()
        case float():
            return _control(3, 8) + struct.pack(">d", value)
        case (int(kind), int(number)):
            written = number.to_bytes((number.bit_length() + 7) // 8, "big")
            return _control(kind, len(written)) + written
        case int():
            return _encoded((_UINT32, value))
        case dict():
            members = b"".join(_encoded(name) + _encoded(member) for name, member in value.items())
            return _control(_MAP, len(value)) + members
        case list():
            return _control(_ARRAY, len(value)) + b"".join(map(_encoded, value))
    raise TypeError(value)


def _control(kind: int, size: int) -> bytes:
    """Return the bytes that say what follows; a size from 29 on stands in a byte of its own, a kind from 8 on too."""
    first, extended = (kind << 5, b"") if kind < 8 else (0, bytes([kind - 7]))
    if size < 29:
        return bytes([first | size]) + extended
    return bytes([first | 29]) + extended + bytes([size - 29])
