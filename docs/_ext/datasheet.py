"""Data sheets of components and records: their fields with unit, bounds, default and description."""

import ast
import dataclasses
import functools
import inspect
import math
import re
from collections.abc import Mapping
from typing import Any

SUPERSCRIPT = {"^2": "²", "^3": "³", "m3": "m³", "m2": "m²"}
UNIT_AT_END = re.compile(r"^(?P<doc>.*?)\s*\[(?P<unit>[^\]]+)\]\.?$", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Row:
    """One field."""

    name: str
    unit: str
    bounds: str
    default: str
    doc: str

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return not self.default


def rows(cls: type) -> list[Row]:
    """The fields of a dataclass, inherited ones first."""
    docs = attribute_docs(cls)
    return [_row(f, docs) for f in dataclasses.fields(cls)]


def _row(f: "dataclasses.Field[Any]", docs: Mapping[str, str]) -> Row:
    default = "" if f.default is dataclasses.MISSING else written(f.default)
    if "unit" in f.metadata:
        return Row(f.name, pretty(f.metadata["unit"]), bounds(f.metadata), default, f.metadata["doc"])
    text = " ".join(docs.get(f.name, "").split())
    match = UNIT_AT_END.match(text)
    doc, unit = (match["doc"], pretty(match["unit"])) if match else (text, kind(f.type))
    return Row(f.name, unit, "", default, doc.removesuffix("."))


def kind(annotation: Any) -> str:
    """What a field without a unit holds, in a word."""
    if isinstance(annotation, type):
        return {bool: "yes or no", str: "text", float: "number"}.get(annotation, annotation.__name__)
    return "numbers" if "tuple[float" in str(annotation) else ""


def pretty(unit: str) -> str:
    """A unit as one writes it: ``m^3/s`` becomes ``m³/s``."""
    for plain, nice in SUPERSCRIPT.items():
        unit = unit.replace(plain, nice)
    return unit


def number(value: float) -> str:
    """A number as short as it goes: at most six digits, no exponent from 0.001 to 100,000."""
    if value == 0.0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.6g}"
    mantissa, exponent = f"{value:.5e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}"


def written(value: Any) -> str:
    """A default in a cell."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(number(v) for v in value) if value else "none"
    return number(value) if isinstance(value, int | float) else str(value)


def bounds(metadata: Mapping[str, Any]) -> str:
    """The range of a parameter in words."""
    low, high, above, below = (metadata[key] for key in ("low", "high", "above", "below"))
    if above is None and below is None and math.isfinite(low) and math.isfinite(high):
        return f"{number(low)} to {number(high)}"
    least = f"above {number(above)}" if above is not None else (f"at least {number(low)}" if math.isfinite(low) else "")
    most = f"below {number(below)}" if below is not None else (f"at most {number(high)}" if math.isfinite(high) else "")
    return ", ".join(part for part in (least, most) if part) or "any"


@functools.cache
def attribute_docs(cls: type) -> dict[str, str]:
    """Texts that stand below the fields of a class and of its bases, by field name."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if base.__module__ == "builtins":
            continue
        tree = ast.parse(inspect.cleandoc("\n" + inspect.getsource(base)))
        (definition,) = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        for node, after in zip(definition.body, definition.body[1:], strict=False):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(after, ast.Expr):
                text = after.value
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    found[node.target.id] = inspect.cleandoc(text.value)
    return found
