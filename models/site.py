"""A site: the components of one plant in SI units, as built from its data sheet by :mod:`lowlift.models.site_build`."""

import dataclasses
import functools
from importlib import resources
from pathlib import Path
from typing import ClassVar

import numpy as np

from lowlift.data.hints import hint
from lowlift.models.plant import SiteRecord
from lowlift.models.record import Record
from lowlift.models.schema import SiteError
from lowlift.thermal.cdu import CDU
from lowlift.thermal.chiller import CarnotChiller
from lowlift.thermal.coldplate import ColdPlate
from lowlift.thermal.crah import Crah
from lowlift.thermal.exchange import PlateHeatExchanger
from lowlift.thermal.hydraulics import Pump
from lowlift.thermal.rack import Rack
from lowlift.thermal.tower import CoolingTowerCell

ZERO_C = 273.15


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """Temperature limits [K] that every controller must keep, soft but counted."""

    T_chip_max: float
    T_return_max: float
    T_supply_min: float
    T_supply_max: float
    T_inlet_max: float | None
    dew_point_margin: float
    T_basin_min: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChilledBranch:
    """Trim chillers and CRAHs on the branch that leaves the facility supply header."""

    chiller: CarnotChiller
    n_chillers: int
    m_condenser: float
    """Condenser water of each chiller when on [kg/s]."""
    crah: Crah
    pump: Pump
    C_loop: float
    """Flow coefficient of the CRAH water circuit [m^3/s per Pa^0.5]."""
    C_water: float
    """Heat capacity of the evaporator and supply water volume, and of the return volume [J/K]."""
    C_air: float
    """Heat capacity of the cold aisle, and of the hot aisle [J/K]."""
    server_air: float
    """Air mass flow that the servers draw, per watt of heat to air [kg/s/W]."""
    T_chw_min: float
    """Lowest leaving setpoint of the chillers [K]."""
    T_chw_max: float
    """Highest leaving setpoint: practically off [K]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Site(Record):
    """Everything a liquid hall needs to know of one site, SI units, arrays over CDUs (n,) or racks (r,)."""

    kind: ClassVar[str] = "liquid_hall"
    T_dew_hall: float
    loss_fraction: float
    limits: Limits
    # topology
    group_of_cdu: np.ndarray
    cdu_of_rack: np.ndarray
    flow_fraction: np.ndarray
    """Share of its CDU's flow that each rack takes; sums to one over a CDU."""
    liquid_share: float
    plates: int
    cold_plate: ColdPlate
    # secondary and facility loops
    cp_secondary: float
    rho_secondary: float
    cp_water: float
    rho_water: float
    cdu: CDU
    facility_pump: Pump
    """Pump unit per CDU: a group of ``k`` CDUs with ``j`` pumps running counts as ``j k`` units in parallel."""
    pumps_per_group: int
    C_piping: np.ndarray
    """Flow coefficient of each group's piping [m^3/s per Pa^0.5], shape (g,)."""
    cells: int
    C_fws_supply: float
    C_fws_return: float
    # heat rejection
    economiser: PlateHeatExchanger
    tower: CoolingTowerCell
    n_cells: int
    tower_pump: Pump
    n_tower_pumps: int
    C_tower_loop: float
    dp_static: float
    m_tower_nominal: float
    C_basin: float
    C_cw_supply: float
    C_cw_return: float
    # heat to air
    chilled: ChilledBranch | None
    air_path_COP: float | None

    @functools.cached_property
    def rack(self) -> Rack:
        """One rack: heat to liquid and air, its plates as one ladder."""
        return Rack(P_nominal=self.rack_power, liquid_share=self.liquid_share, plates=float(self.plates), cold_plate=self.cold_plate)

    @property
    def n_cdu(self) -> int:
        """Number of CDUs."""
        return len(self.group_of_cdu)

    @property
    def n_racks(self) -> int:
        """Number of racks."""
        return len(self.cdu_of_rack)

    @property
    def n_groups(self) -> int:
        """Number of pump groups."""
        return len(self.C_piping)


def site_names() -> list[str]:
    """Names of the packaged sites."""
    folder = resources.files("lowlift.models.sites")
    return sorted(Path(f.name).stem for f in folder.iterdir() if f.name.endswith(".toml"))


def load_site(name_or_path: str | Path) -> SiteRecord:
    """Load a packaged site by name or any site file by path: the record of its kind of plant.

    Raises:
        SiteError: unknown name (with near matches), unreadable or invalid file.
    """
    path = Path(name_or_path)
    if path.suffix.lower() == ".toml":
        return _built(path)
    if str(name_or_path) not in site_names():
        raise SiteError(f"unknown plant {str(name_or_path)!r}; {hint(str(name_or_path), site_names(), where='lowlift plants')}")
    with resources.as_file(resources.files("lowlift.models.sites") / f"{name_or_path}.toml") as file:
        return _built(file)


def _built(path: Path) -> SiteRecord:
    # The builders need the records above.
    from lowlift.models.site_file import located, read_site_file

    file, kind = read_site_file(path)
    with located(path, file):
        site: SiteRecord = kind.get("build")(file)
    return site
