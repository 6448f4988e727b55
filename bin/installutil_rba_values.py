"""What a value of a result says: nothing, an address, or something that a pattern of a lookup matches."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Union

# A field of a result: text, or a list if Splunk has several values.
Value = Union[str, list[str]]
Record = Mapping[str, Value]

# What data sources and the CIM write if they know nothing, in lower case.
# installutil_rba_ignored_objects.csv ships the same for every type of object; a test keeps the two equal.
PLACEHOLDERS = frozenset({"", "-", "n/a", "none", "null", "unknown"})

Address = tuple[int, int]  # its version, 4 or 6, and its bits as a number

_LONGEST_ADDRESS = 128  # characters: 45, plus brackets and a zone; a cell of megabytes is not worth parsing
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!\Z)|\Z)){4}")
# What somebody who means a network writes: numbers and dots, or hexadecimal digits and colons, before a slash.
_LIKE_A_NETWORK = re.compile(r"([0-9]+(\.[0-9]+){1,3}\.?|[0-9a-f]*:[0-9a-f.]*:[0-9a-f:.]*)/[0-9.]*", re.IGNORECASE)


def values(record: Record, field: str) -> list[str]:
    """Return the field's values as they came, without blank ones; none if the record lacks the field."""
    value = record.get(field, "")
    return [item for item in ([value] if isinstance(value, str) else value) if item.strip()]


def known(record: Record, field: str) -> list[str]:
    """Return the field's values that say something: those that are not placeholders."""
    value = record.get(field, "")
    return [item for item in ([value] if isinstance(value, str) else value) if not is_placeholder(item)]


def is_placeholder(value: str) -> bool:
    """Tell whether a value says nothing."""
    return value.strip().lower() in PLACEHOLDERS


def address(text: str) -> Address | None:
    """
    Return the IP address that *text* spells, or None.

    Brackets (`[::1]`) and a zone (`fe80::1%12`) are allowed. An IPv4 address inside an IPv6 one
    (`::ffff:10.0.0.5`) is returned as IPv4: sources record the same far end in either form.
    """
    text = text.strip()
    if text[:1] == "[" and text[-1:] == "]":
        text = text[1:-1]
    if _IPV4.fullmatch(text):
        first, second, third, fourth = map(int, text.split("."))
        return 4, first << 24 | second << 16 | third << 8 | fourth
    if ":" not in text or len(text) > _LONGEST_ADDRESS:
        return None
    try:
        parsed = ipaddress.IPv6Address(text)
    except ValueError:
        return None
    return (4, int(parsed.ipv4_mapped)) if parsed.ipv4_mapped else (6, int(parsed))


def looks_like_a_network(text: str) -> bool:
    """Tell whether *text* looks like a network in CIDR notation, whether it is one (`10.0.0.0/8`) or not (`10.0.0.0/99`)."""
    return _LIKE_A_NETWORK.fullmatch(text.strip()) is not None


class Pattern:
    r"""
    A pattern of a lookup: a network if it spells one, else text in which `*` stands for any characters.

    Case does not count, as in Splunk's lookups, nor do blanks around the value. Matching takes time linear in
    the value; in a regular expression, several `*` would let one hostile cell of a megabyte stop the search.
    """

    def __init__(self, text: str) -> None:
        r"""Take the pattern as the lookup has it, such as `NT AUTHORITY\*`, `10.0.0.0/8` or `fe80::1`."""
        self.text = text.strip()
        self._network = _network(self.text)
        self._head, *self._rest = self.text.lower().split("*")

    @property
    def is_network(self) -> bool:
        """Tell whether it matches only addresses."""
        return self._network is not None

    def matches(self, value: str) -> bool:
        """Tell whether *value* lies in the network, or has the form of the text."""
        if self._network:
            parsed = address(value)
            version, mask, number = self._network
            return parsed is not None and parsed[0] == version and parsed[1] & mask == number
        value = value.strip().lower()
        if not self._rest:
            return value == self._head
        *middle, tail = self._rest
        start, end = len(self._head), len(value) - len(tail)
        if start > end or not value.startswith(self._head) or not value.endswith(tail):
            return False
        for part in middle:
            found_at = value.find(part, start, end)
            if found_at < 0:
                return False
            start = found_at + len(part)
        return True


def _network(text: str) -> tuple[int, int, int] | None:
    """Return the version, the mask and the bits under it of the network that *text* spells, or None."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    return network.version, int(network.netmask), int(network.network_address)
