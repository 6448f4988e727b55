"""Read blocks of a log in threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from typing import TypeVarTuple

from splreplay.logs.events import Item

Arguments = TypeVarTuple("Arguments")

THREADS = 2


def in_threads(read: Callable[[*Arguments], list[Item]], blocks: Iterable[tuple[*Arguments]]) -> Iterator[Item]:
    """Read a few blocks at the same time, one for each thread ahead of the one that is needed; the results come in order."""
    blocks = iter(blocks)
    first = list(islice(blocks, 2))
    if len(first) < 2:  # most logs are small, and starting threads takes longer than reading such a log
        for block in first:
            yield from read(*block)
        return
    results: deque[Future[list[Item]]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for block in chain(first, blocks):
            results.append(pool.submit(read, *block))
            if len(results) > THREADS:
                yield from results.popleft().result()
        for result in results:
            yield from result.result()
