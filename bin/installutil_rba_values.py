"""What one value of a result says: nothing, an address, or something that a pattern of a lookup matches."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Union

# A field of a result: text, or a list where Splunk has several values.
Value = Union[str, list[str]]
Record = Mapping[str, Value]

# What data sources and the CIM write where they know nothing, in lower case.
# installutil_rba_ignored_objects.csv ships the same for every type of object; a test holds the two equal.
PLACEHOLDERS = frozenset({"", "-", "n/a", "none", "null", "unknown"})

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

_LONGEST_ADDRESS = 128  # characters: 45, brackets and a zone; a cell of megabytes is not worth parsing


def values(record: Record, field: str) -> list[str]:
    """Return the field's values as they came, without blank ones; none where the record lacks the field."""
    value = record.get(field, "")
    return [item for item in ([value] if isinstance(value, str) else value) if item.strip()]


def known(record: Record, field: str) -> list[str]:
    """Return the field's values that say something: those that are no placeholder."""
    return [value for value in values(record, field) if value.strip().lower() not in PLACEHOLDERS]


def address(text: str) -> Address | None:
    """
    Return the IP address that *text* spells, or None.

    Brackets (`[::1]`) and a zone (`fe80::1%12`) are allowed. An IPv4 address inside an IPv6 one
    (`::ffff:10.0.0.5`) is returned as the former: sources record the same far end in either form.
    """
    text = text.strip()
    if len(text) > _LONGEST_ADDRESS:
        return None
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


class Pattern:
    r"""
    A pattern of a lookup: a network where it spells one, else text in which `*` stands for any characters.

    Case does not count, as in Splunk's lookups, nor do blanks around the value. Matching takes time linear in
    the value; as a regular expression, several `*` would let one hostile cell of a megabyte stop the search.
    """

    def __init__(self, text: str) -> None:
        r"""Take the pattern as the lookup has it, such as `NT AUTHORITY\*`, `10.0.0.0/8` or `fe80::1`."""
        self.text = text.strip()
        self._network = _network(self.text)
        self._head, *self._rest = self.text.lower().split("*")

    @property
    def is_network(self) -> bool:
        """Tell whether it matches addresses, and nothing else."""
        return self._network is not None

    def matches(self, value: str) -> bool:
        """Tell whether *value* lies in the network, or has the form of the text."""
        if self._network:
            found = address(value)
            return found is not None and found in self._network
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


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
