"""`python -m bench`: print every measurement."""

from __future__ import annotations

from bench import command, hunt, memory, reading, search

if __name__ == "__main__":
    search.main()
    reading.main()
    command.main()
    memory.main()
    hunt.main()
