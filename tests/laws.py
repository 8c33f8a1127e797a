"""Laws over whole domains of inputs."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def span(low: float, high: float) -> st.SearchStrategy[float]:
    """Floats between two finite bounds."""
    return st.floats(low, high, allow_nan=False)


def law(*domains: st.SearchStrategy[Any], examples: int = 100) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A law over its domains; without a deadline, because ratings are solved (and SciPy is imported) on first use."""

    def decorate(test: Callable[..., None]) -> Any:
        relaxed = settings(deadline=None, max_examples=examples, suppress_health_check=[HealthCheck.too_slow])
        return relaxed(given(*domains)(test))

    return decorate
