"""Read blocks of a log in threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVarTuple

from splreplay.logs.events import Item

Arguments = TypeVarTuple("Arguments")

THREADS = 2


def in_threads(
    read: Callable[[*Arguments], list[Item]], blocks: Iterable[tuple[*Arguments]], ahead: int = THREADS
) -> Iterator[Item]:
    """Read a few blocks at the same time, at most *ahead* of the one that is needed; the results come in order."""
    results: deque[Future[list[Item]]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for block in blocks:
            results.append(pool.submit(read, *block))
            if len(results) > ahead:
                yield from results.popleft().result()
        for result in results:
            yield from result.result()
