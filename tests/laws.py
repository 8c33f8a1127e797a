"""Laws over whole domains of inputs."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st


def span(low: float, high: float) -> st.SearchStrategy[float]:
    """Floats between two finite bounds."""
    return st.floats(low, high, allow_nan=False)


def law(*domains: st.SearchStrategy[float]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A law over its domains; without a deadline, because ratings are solved (and SciPy is imported) on first use."""

    def decorate(test: Callable[..., None]) -> Any:
        return settings(deadline=None)(given(*domains)(test))

    return decorate
