"""Point lists for integrators: JSON, CSV, BACnet EDE, Project Haystack (Zinc), Brick (Turtle)."""

import csv
import io
import json
from collections.abc import Callable

from lowlift.data.hints import hint
from lowlift.wire.brick import brick_text
from lowlift.wire.ede import ede_text
from lowlift.wire.haystack import haystack_text
from lowlift.wire.point_list import PointList
from lowlift.wire.point_table import entries, flat


class FormatError(ValueError):
    """An unknown format; the message lists near ones."""


def json_text(points: PointList) -> str:
    """Exactly one list."""
    return json.dumps(entries(points), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def csv_text(points: PointList) -> str:
    """One row a point; edited, it is a map (:mod:`lowlift.wire.site_map`)."""
    rows = [flat(record) for record in entries(points)]
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


FORMATS: dict[str, Callable[[PointList], str]] = {
    "json": json_text, "csv": csv_text, "ede": ede_text, "haystack": haystack_text, "brick": brick_text,
}  # fmt: skip


def point_text(points: PointList, form: str) -> str:
    """A point list in one of :data:`FORMATS`.

    Raises:
        FormatError: there is none of that name.
    """
    if form not in FORMATS:
        raise FormatError(f"unknown format {form!r}; {hint(form, FORMATS)}")
    return FORMATS[form](points)
