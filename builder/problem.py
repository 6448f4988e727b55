"""The error that ends the build."""

from __future__ import annotations

from splreplay.problem import Problem


class BuildError(Exception):
    """The build cannot go on; carries every problem that was found, not only the first."""

    def __init__(self, *problems: Problem) -> None:
        """Keep *problems* in the order of their places."""
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
