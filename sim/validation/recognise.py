"""Which table a file holds: by its name, then by its header."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from lowlift.data.hints import hint, near
from lowlift.sim.validation.spec import TableSpec, ValidationError


def named(stem: str, names: Sequence[str]) -> str | None:
    """The table that a file name begins or ends with, the longest if several do.

    >>> named("psychrometrics-2", ["psychrometrics", "hx_eps_ntu"])
    'psychrometrics'
    """
    flat = re.sub(r"\W+", "_", stem.lower()).strip("_")
    fits = [n for n in names if flat == n or flat.startswith(f"{n}_") or flat.endswith(f"_{n}")]
    return max(fits, key=len, default=None)


def recognise(path: Path, header: Sequence[str], specs: Mapping[str, TableSpec]) -> TableSpec:
    """The kind of a table.

    By header, a table is of the kind whose input columns it has; where those of one kind include those of another, the larger set
    counts.

    Raises:
        ValidationError: no kind fits, several do, or the name says one thing and the header another.
    """
    have = set(header)
    missing = {name: [c for c in spec.inputs if c not in have] for name, spec in specs.items()}
    name = named(path.stem, list(specs))
    if name is not None:
        if missing[name]:
            hints = [f"{c} ({n[0]}?)" if (n := near(c, have, 1)) else c for c in missing[name]]
            raise ValidationError(f"{path}: is called {name} but lacks its input column {', '.join(hints)}")
        return specs[name]
    fits = [n for n in specs if not missing[n]]
    widest = [n for n in fits if not any(set(specs[n].inputs) < set(specs[m].inputs) for m in fits)]
    if len(widest) == 1:
        return specs[widest[0]]
    if widest:
        raise ValidationError(
            f"{path}: its columns fit {' and '.join(widest)}; give the file a name that begins with the one meant, like {widest[0]}_2.csv"
        )
    closest = min(specs, key=lambda n: (len(missing[n]) / len(specs[n].inputs), n))
    by_header = f"; by its columns nearest to {closest}, but without {', '.join(missing[closest])}" if len(missing[closest]) < len(
        specs[closest].inputs) else ""  # fmt: skip
    raise ValidationError(f"{path}: unknown table: {hint(path.stem, specs)}{by_header}")
