"""Near matches for names that people mistype: one wording for every catalogue."""

import difflib
from collections.abc import Iterable

FEW = 20
"""A catalogue of so many names is shown whole where nothing in it is near."""
NEAREST = 5
"""Names of a longer one that are shown then."""


def near(name: str, known: Iterable[str], n: int = 3, cutoff: float = 0.4) -> list[str]:
    """Up to ``n`` known names that look like ``name``, nearest first; case does not count.

    >>> near("mcp", ["MPC", "Guideline36"])
    ['MPC']
    """
    by_fold = {k.casefold(): k for k in sorted(known)}
    return [by_fold[m] for m in difflib.get_close_matches(name.casefold(), list(by_fold), n=n, cutoff=cutoff)]


def hint(name: str, known: Iterable[str], n: int = 3, *, where: str = "") -> str:
    """Say which names were perhaps meant, or which ones there are; of a long catalogue its size, and what lists it.

    Args:
        name: what was typed.
        known: the catalogue.
        n: most names that were perhaps meant.
        where: what lists the catalogue, like ``lowlift points PLANT``.

    >>> hint("tuscon", ["tucson", "dulles"])
    'did you mean tucson?'
    >>> hint("xyz", ["tucson", "dulles"])
    'known: dulles, tucson'
    >>> hint("T_3", [f"T_{k}" for k in range(300)], where="lowlift points PLANT")
    'did you mean T_3, T_93, T_83? (300 names; lowlift points PLANT lists them)'
    >>> hint("q", [f"T_{k}" for k in range(300)])
    '300 names, the nearest are T_99, T_98, T_97, T_96, T_95'
    """
    names = sorted(known)
    matches = near(name, names, n)
    if len(names) <= FEW:
        return f"did you mean {', '.join(matches)}?" if matches else f"known: {', '.join(names)}"
    if matches:
        return f"did you mean {', '.join(matches)}? ({len(names)} names{f'; {where} lists them' if where else ''})"
    nearest = ", ".join(near(name, names, NEAREST, cutoff=0.0))
    return f"{len(names)} names, the nearest are {nearest}{f'; {where} lists them' if where else ''}"
