"""Assembled plants, their integrators and their reduced prediction models."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lowlift.models.liquid_hall import LiquidHall

__all__ = ["load"]


def load(name_or_path: str | Path, *, check: bool = True) -> "LiquidHall":
    """A plant by packaged site name or from a site file.

    Args:
        name_or_path: for example ``"gb200_hall"`` or ``"my_site.toml"``.
        check: run the design check.

    Raises:
        SiteError: unknown name (with near matches) or invalid file.
        DesignError: the site cannot carry its own load.
    """
    from lowlift.models.design import check_design
    from lowlift.models.liquid_hall import LiquidHall
    from lowlift.models.site import load_site

    plant = LiquidHall(load_site(name_or_path))
    if check:
        check_design(plant)
    return plant
