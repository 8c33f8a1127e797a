"""Many plant-years of :mod:`lowlift.models.chiller_plant` in one vectorised run.

What
    All hours of all years at once: arrays ``(years, hours)``. Hours are coupled only through the water of the condenser loop, a
    weight below one per cent, so a few sweeps over all hours replace marching through them.

Two ways to close the condenser loop
    *Balanced* (``iterations=None``): the heat the tower rejects is the heat it receives, to 1e-4 K. This is the physics.

    *EnergyPlus's default of two plant iterations* (``iterations=2``): EnergyPlus stops after two plant iterations an hour unless a
    flow changes (object ``ConvergenceLimits``); each passes the condenser loop twice. The first starts from the last hour's tower
    water and a chiller that also cools the return half of the chilled-water loop, which pump heat warmed for a whole time step
    while its flow was still zero. The loop is then not closed: where the fan is at its limit the chiller takes about 1 % more energy
    than in the balanced solution, and the tower rejects, and evaporates, about 4 % more than it receives. This mode reproduces the
    published EnergyPlus years; more iterations approach the balanced solution.

Time stamps
    Row ``k`` of the weather is the reading at its own time stamp (hour ``k + 1``) and belongs to hour ``k`` of the load. The first day
    is taken to have run before (EnergyPlus's warm-up).
"""

import dataclasses

import numpy as np

from lowlift.models.chiller_plant import HOUR, Array, ChillerPlant
from lowlift.thermal.fluids import WATER
from lowlift.thermal.tower_control import MoistAir

SWEEPS = 3
"""Sweeps over all hours that settle the coupling between them."""
WARM_UP_END = 23
"""Last hour of the day that stands before the year."""
REST_STEPS, REST_SPAN = 24, 40.0
"""Steps of the search for rest, and how far above wet bulb and setpoint the tower's entering water lies at most [K]."""
CHUNK = 4
"""Years computed together: their arrays fit the processor's cache."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class YearCase:
    """One plant-year: outdoor air ``(hours,)``, chilled-water setpoint [K] and offset of the tower's setpoint over wet bulb [K]."""

    air: MoistAir
    T_chw_set: float
    offset: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Hours:
    """Hourly means of a run, arrays ``(years, hours)``; powers in W, temperatures in K."""

    Q_evap: Array
    T_cw_in: Array
    T_tower_in: Array
    T_tower_out: Array
    air_ratio: Array
    P_chiller: Array
    P_fan: Array
    P_pumps: Array
    Q_tower: Array
    makeup: Array
    """Makeup water [m^3/s]."""
    evaporation: Array
    """Evaporated water [m^3/s]."""
    unmet: Array
    """Load above the chiller's capacity [W]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Years:
    """Sums over each year, arrays ``(years,)``: energies in J, water in m^3."""

    E_it: Array
    E_chiller: Array
    E_fan: Array
    E_pumps: Array
    makeup: Array
    evaporation: Array
    unmet_share: Array
    """Share of hours with unmet load."""

    @property
    def pue_cooling(self) -> Array:
        """PUE with cooling as the only overhead: a ratio of energies."""
        return 1.0 + (self.E_chiller + self.E_fan + self.E_pumps) / self.E_it


def daily_load(hours: int = 8760, Q_nominal: float = 1e6) -> Array:
    """IT heat [W] of the reference years: 75 % of nominal with a daily sine of 15 % that peaks at 15:00."""
    h = np.arange(hours)
    return np.asarray(Q_nominal * (0.75 + 0.15 * np.sin(2.0 * np.pi * (h - 9.0) / 24.0)))


def _last(x: Array) -> Array:
    """Every hour's value of the hour before; before the first stands the end of its day, which a warm-up would have repeated."""
    return np.concatenate([x[..., WARM_UP_END : WARM_UP_END + 1], x[..., :-1]], axis=-1)


def run_years(plant: ChillerPlant, cases: list[YearCase], Q_it: Array, *, iterations: int | None = None) -> Years:
    """All cases under the IT heat ``Q_it`` [W] ``(hours,)``; see the module for ``iterations``."""
    parts = []
    for first in range(0, len(cases), CHUNK):
        h = run_hours(plant, cases[first : first + CHUNK], Q_it, iterations=iterations)
        sums = [HOUR * np.sum(x, axis=-1) for x in (h.P_chiller, h.P_fan, h.P_pumps, h.makeup, h.evaporation)]
        parts.append((*sums, np.mean(h.unmet > 0.0, axis=-1)))
    chiller, fan, pumps, makeup, evaporation, unmet = (np.concatenate(column) for column in zip(*parts, strict=True))
    E_it = np.full(len(cases), HOUR * float(np.sum(Q_it)))
    return Years(
        E_it=E_it, E_chiller=chiller, E_fan=fan, E_pumps=pumps, makeup=makeup, evaporation=evaporation, unmet_share=unmet
    )  # fmt: skip


def run_hours(plant: ChillerPlant, cases: list[YearCase], Q_it: Array, *, iterations: int | None = None) -> Hours:
    """Hour-by-hour results of a few cases.

    Raises:
        ValueError: fewer than two iterations, or weather and load of different length.
    """
    if iterations is not None and iterations < 2:
        raise ValueError(f"iterations = {iterations}: at least 2, or None for a balanced loop")
    if any(np.shape(c.air.T_wb) != np.shape(Q_it) for c in cases):
        raise ValueError(f"weather and load must have the same hours: {[np.shape(c.air.T_wb) for c in cases]} and {np.shape(Q_it)}")
    air = MoistAir(*(np.stack([getattr(c.air, f.name) for c in cases]) for f in dataclasses.fields(MoistAir)))
    T_chw = np.array([[c.T_chw_set] for c in cases])
    T_set = plant.T_cw_set(air.T_wb, np.array([[c.offset] for c in cases]))
    Q_evap = plant.Q_evap(Q_it, _last(Q_it))
    loop = _Loop(plant, air, T_set, T_chw, Q_evap)
    T_cw_in, T_in, T_out = loop.balanced() if iterations is None else loop.truncated(iterations)
    return _outputs(plant, air, T_set, T_chw, Q_evap, T_cw_in, T_in, T_out)


def at_rest(plant: ChillerPlant, air: MoistAir, T_set: Array, T_chw: Array, Q_it: Array, V_chw: Array | None = None) -> Hours:
    """The plant at rest under held conditions, elementwise: a balanced condenser loop to which no hour before matters.

    Water that passes the loop comes back the warmer the warmer it was, but by less than it was: one root, which false position in a
    bracket finds (Anderson and Bjoerck, BIT 13, 253, 1973), corners of the fan control or not.

    Args:
        plant: chiller, tower and pumps.
        air: outdoor air.
        T_set: setpoint of the tower [K].
        T_chw: chilled water leaving the chiller [K].
        Q_it: IT heat [W].
        V_chw: chilled-water flow [m^3/s]; the pump's nominal one if not given.
    """
    V = np.asarray(plant.pump_chw.V_dot_nominal if V_chw is None else V_chw)
    T_set, T_chw, Q_evap, V, T_wb = np.broadcast_arrays(T_set, T_chw, Q_it + plant.pump_chw.heat(V), V, air.T_wb)

    def excess(T_in: Array) -> Array:
        return np.asarray(plant.leave_condenser(plant.leave_tower(T_in, T_set, T_wb), Q_evap, T_chw) - T_in)

    a, b = T_wb.astype(float), np.maximum(T_wb, T_set) + REST_SPAN
    f_a, f_b = excess(a), excess(b)
    for _ in range(REST_STEPS):
        c = np.where(f_a == f_b, b, (a * f_b - b * f_a) / np.where(f_a == f_b, 1.0, f_b - f_a))
        f_c = excess(c)
        crossed = f_c * f_b < 0.0
        shrink = 1.0 - f_c / np.where(f_b == 0.0, 1.0, f_b)
        f_a = np.where(crossed, f_b, f_a * np.where(shrink > 0.0, shrink, 0.5))
        a, b, f_b = np.where(crossed, b, a), c, f_c
    T_out = plant.leave_tower(b, T_set, T_wb)
    return _outputs(plant, dataclasses.replace(air, T_wb=T_wb), T_set, T_chw, Q_evap, T_out, b, T_out, V)


@dataclasses.dataclass(frozen=True)
class _Loop:
    """The condenser loop of a run; every method works on all hours at once."""

    plant: ChillerPlant
    air: MoistAir
    T_set: Array
    T_chw: Array
    Q_evap: Array

    def to_tower(self, T_cw_in: Array, T_in_last: Array, Q_evap: Array) -> Array:
        """Condenser and the half loop behind it."""
        T = self.plant.leave_condenser(T_cw_in, Q_evap, self.T_chw)
        return np.asarray(T + self.plant.lag_cw * (T_in_last - T))

    def to_chiller(self, T_in: Array, T_out_last: Array) -> tuple[Array, Array]:
        """Tower and the half loop behind it: water at the condenser and water leaving the tower."""
        T = self.plant.leave_tower(T_in, self.T_set, self.air.T_wb)
        return T + self.plant.lag_cw * (T_out_last - T), T

    def balanced(self) -> tuple[Array, Array, Array]:
        """Condenser inlet, tower inlet and outlet with equal heat on both sides.

        Passes shrink the error by a nearly constant factor, so Aitken's extrapolation takes most of what is left.
        """
        T_in = self.T_set + 4.0
        T_out = self.T_set
        for _ in range(SWEEPS):
            trail = [T_in]
            for _ in range(2):
                T_cw_in, T_out = self.to_chiller(trail[-1], _last(T_out))
                trail.append(self.to_tower(T_cw_in, _last(trail[-1]), self.Q_evap))
            first, second = trail[1] - trail[0], trail[2] - trail[1]
            ratio = np.clip(second / np.where(np.abs(first) < 1e-9, 1e-9, first), 0.0, 0.8)
            T_in = trail[2] + second * ratio / (1.0 - ratio)
        T_cw_in, T_out = self.to_chiller(T_in, _last(T_out))
        return T_cw_in, T_in, T_out

    def truncated(self, iterations: int) -> tuple[Array, Array, Array]:
        """The same after a given number of plant iterations, each of two passes, as EnergyPlus leaves them."""
        plant = self.plant
        T_cw_in, T_in, T_out = self.balanced()
        # Half the chilled-water loop stands for a time step under the pump's heat; half of the final rise is its average.
        warming = plant.pump_chw.heat(plant.pump_chw.V_dot_nominal) * 0.5 / plant.lag_chw
        asked = _last(self.Q_evap) + warming
        first_load = np.minimum(asked, plant.Q_limit)
        second_load = self.Q_evap + (asked - first_load)
        for _ in range(SWEEPS):
            T_in_last, T_out_last = _last(T_in), _last(T_out)
            T_in = self.to_tower(T_out_last, T_in_last, first_load)
            T_cw_in, T_out = self.to_chiller(T_in, T_out_last)
            T_in = self.to_tower(T_cw_in, T_in_last, second_load)
            for _ in range(iterations - 1):
                T_cw_in, T_out = self.to_chiller(T_in, T_out_last)
                between = self.to_tower(T_cw_in, T_in_last, self.Q_evap)
                T_in = self.to_tower(self.to_chiller(between, T_out_last)[0], T_in_last, self.Q_evap)
            T_out = self.to_chiller(T_in, T_out_last)[1]
        return T_cw_in, T_in, T_out


def _outputs(plant: ChillerPlant, air: MoistAir, T_set: Array, T_chw: Array, Q_evap: Array, T_cw_in: Array, T_in: Array,
             T_out: Array, V_chw: Array | None = None) -> Hours:  # fmt: skip
    """Powers and water of settled temperatures; chilled water flows as the pump is rated where no flow is given."""
    flow = plant.pump_chw.V_dot_nominal if V_chw is None else V_chw
    m, V = plant.m_cw, plant.m_cw / WATER.rho(T_in)
    fan = plant.tower.fan(T_in, T_set, air.T_wb, V)
    Q_tower = m * WATER.cp(T_cw_in) * (T_in - T_out)
    water = plant.tower.water(Q_tower, fan.air_ratio, air, m)
    rho = WATER.rho(T_out)
    shape = T_in.shape
    return Hours(
        Q_evap=np.broadcast_to(Q_evap, shape), T_cw_in=T_cw_in, T_tower_in=T_in, T_tower_out=T_out, air_ratio=fan.air_ratio,
        P_chiller=plant.chiller.P_el(Q_evap, T_chw, T_cw_in, m), P_fan=fan.P_el,
        P_pumps=plant.pump_chw.P_el(flow) + plant.pump_cw.P_el(V), Q_tower=Q_tower,
        makeup=water.makeup / rho, evaporation=water.evaporation / rho, unmet=np.broadcast_to(plant.unmet(Q_evap, T_chw, T_cw_in), shape),
    )  # fmt: skip
