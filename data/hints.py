"""Near matches for names that people mistype: one wording for every catalogue."""

import difflib
from collections.abc import Iterable


def near(name: str, known: Iterable[str], n: int = 3) -> list[str]:
    """Up to ``n`` known names that look like ``name``, nearest first; case does not count.

    >>> near("mcp", ["MPC", "Guideline36"])
    ['MPC']
    """
    by_fold = {k.casefold(): k for k in sorted(known)}
    return [by_fold[m] for m in difflib.get_close_matches(name.casefold(), list(by_fold), n=n, cutoff=0.4)]


def hint(name: str, known: Iterable[str], n: int = 3) -> str:
    """Say which names were perhaps meant, or which ones there are.

    >>> hint("tuscon", ["tucson", "dulles"])
    'did you mean tucson?'
    >>> hint("xyz", ["tucson", "dulles"])
    'known: dulles, tucson'
    """
    names = sorted(known)
    matches = near(name, names, n)
    return f"did you mean {', '.join(matches)}?" if matches else f"known: {', '.join(names)}"
