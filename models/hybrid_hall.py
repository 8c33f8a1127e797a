"""The hybrid hall as a dynamic system: liquid and air loops, dry coolers with wetted pads, trim chillers with free cooling before them.

The equations stand in :mod:`lowlift.models.hybrid_equations`, the tables in :mod:`lowlift.models.hybrid_tables`, the integrator in
:mod:`lowlift.models.implicit`; here they become a plant.
"""

from typing import Any

import numpy as np

from lowlift.models import hybrid_tables as tables
from lowlift.models.hybrid_equations import HybridEquations, HybridFlows, HybridFluxes
from lowlift.models.hybrid_site import HybridSite
from lowlift.models.implicit import ImplicitStepper, settle
from lowlift.models.linear import LinearModel, linearize_outputs
from lowlift.models.plant import Conditions, Loads, Stepper
from lowlift.models.sheet import STORED
from lowlift.models.signals import Role, SignalInfo, SignalVector, columns
from lowlift.thermal import ops
from lowlift.thermal.chiller import CP_WATER
from lowlift.thermal.ops import Signal

SENSOR_TIME_CONSTANT = 10.0
"""First-order lag of the temperature sensors that control loops read [s] (guess)."""


class HybridHall:
    """A site as a dynamic system ``dx/dt = f(x, u, d)``; leading axes are the batch."""

    flux_names = HybridFluxes.names()

    def __init__(self, site: HybridSite) -> None:
        self.site = site
        self.equations = HybridEquations(site)
        self.states = tables.state_table(site)
        self.actuators = tables.actuator_table(site)
        self.disturbances = tables.disturbance_table(site)

    # -- physics --------------------------------------------------------------------------------------------------

    def conserved(self, x: Signal) -> Signal:
        """The states themselves: every node's energy is linear in its temperature."""
        return x

    def recovered(self, z: Signal) -> Signal:
        """The same."""
        return z

    def rates(self, x: Signal, u: Signal, d: Signal) -> tuple[Signal, Signal]:
        """``dx/dt`` [K/s] and the fluxes in the order of :attr:`flux_names`."""
        T = self.states.unpack(x)
        net, fluxes = self.equations.evaluate(T, self.actuators.unpack(u), self.disturbances.unpack(d))
        result = {name: net[name] / C for name, C in self.equations.capacities.items()}
        read = {**T, "T_air": fluxes.T_air}
        result |= {sensor: (read[node] - T[sensor]) / SENSOR_TIME_CONSTANT for sensor, node in tables.SENSORS.items()}
        return self.states.pack(result), ops.stack([getattr(fluxes, name) for name in self.flux_names])

    def derivatives(self, x: Signal, u: Signal, d: Signal) -> Signal:
        """``dx/dt`` [K/s]."""
        return self.rates(x, u, d)[0]

    def stored_heat(self, x: Signal) -> Signal:
        """Heat held by all lumps [J] relative to 0 K, sensors excepted (they hold none)."""
        T = self.states.unpack(x)
        total = 0.0 * T["T_warm"]
        for name, C in self.equations.capacities.items():
            total = total + C * ops.sum_components(T[name])
        return total

    def integrator(self, h: float) -> Stepper:
        """:class:`lowlift.models.implicit.ImplicitStepper` for steps of ``h`` seconds."""
        return ImplicitStepper(self, h)

    def steady(self, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        """States at rest (b, nx) for held ``u`` (b, nu) and ``d`` (b, nd).

        Raises:
            SteadyStateError: none was found.
        """
        guess = {name: 300.0 for name in self.states.slices} | {"T_plate": 320.0, "T_return": 315.0, "T_supply": 308.0}
        return settle(self, np.asarray(self.states.pack(guess)), u, d)

    def outputs(self, x: Signal, u: Signal, d: Signal) -> Signal:
        """What a controller of this plant is about, in the order of :attr:`output_table`."""
        T, w = self.states.unpack(x), self.disturbances.unpack(d)
        f = self.equations.flows(self.actuators.unpack(u))
        of = dict(zip(self.flux_names, ops.split(self.rates(x, u, d)[1], [1] * len(self.flux_names)), strict=True))
        chip, out = self.equations.rack_temperatures(T["T_plate"], T["T_supply"], w["q_liquid"], f)
        single = [T[name] for name in ("T_warm_sensor", "T_cold_sensor", "T_chw_sensor", "T_air_sensor", "T_air_cold", "T_air_hot")]
        return ops.stack([chip, out, T["T_supply_sensor"], *single, cooling(f, of["P_chillers"])])

    @property
    def output_table(self) -> SignalVector:
        """Outputs of the linear model."""
        n, r = {"size": self.site.n_cdu, "per": "cdu"}, {"size": self.site.n_racks, "per": "rack"}
        rows: list[tuple[str, str, str, dict[str, Any]]] = [
            ("T_chip", "K", "mean chip of a rack", r), ("T_out", "K", "coolant leaving a rack", r),
            ("T_supply", "K", "secondary supply, as its sensor reads it", n), ("T_warm", "K", "warm water, as its sensor reads it", {}),
            ("T_cold", "K", "coolant to the economiser, as its sensor reads it", {}),
            ("T_chw", "K", "chilled water, as its sensor reads it", {}), ("T_air", "K", "supply air, as its sensor reads it", {}),
            ("T_inlet", "K", "server inlet air", {}), ("T_hot", "K", "hot aisle", {}), ("P_cooling", "W", "total cooling power", {}),
        ]  # fmt: skip
        return SignalVector([SignalInfo(name=n, role=Role.OUTPUT, unit=unit, doc=doc, **size) for n, unit, doc, size in rows])

    def linearize(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> LinearModel:
        """``A, B, C, D, E, F`` around one point, exact derivatives; outputs are those of :attr:`output_table`."""
        return linearize_outputs(self, self.output_table, self.outputs, x, u, d)

    # -- what runs record -----------------------------------------------------------------------------------------

    def flows(self, u: np.ndarray) -> HybridFlows:
        """Flows and powers of pumps and fans."""
        return self.equations.flows(self.actuators.unpack(u))

    def flux_vector(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        """Fluxes at one instant (b, nf)."""
        return self.rates(x, u, d)[1]

    def hottest(self, values: Signal) -> Signal:
        """Largest rack value of each CDU: ``(b, r) -> (b, n)``."""
        return ops.segment_max(values, np.arange(self.site.n_cdu) * self.site.racks_per_cdu)

    def measure(
        self, x: np.ndarray, u: np.ndarray, d: np.ndarray, fluxes: np.ndarray, own: np.ndarray, flows: HybridFlows
    ) -> dict[str, np.ndarray]:
        """Readings by name, each (b, n); ``own`` is each CDU's override. Heat flows are means over the step that has ended."""
        s, f = self.site, flows
        T, a, w, of = self.states.unpack(x), self.actuators.unpack(u), self.disturbances.unpack(d), columns(self.flux_names, fluxes)
        chip, out = self.equations.rack_temperatures(T["T_plate"], T["T_supply"], w["q_liquid"], f)
        a = {name: value for name, value in a.items() if name != "T_chw_set"}
        lagged = {name.removesuffix("_sensor"): T[name] for name in tables.SENSORS}
        return {
            **lagged, **a, "T_return": T["T_return"], "T_return_hot": self.hottest(out), "T_chip": self.hottest(chip),
            "q_cdu": ops.segment_sum(w["q_liquid"], self.equations.membership), "q_rack": self.hottest(w["q_liquid"]),
            "V_sec": f.V_sec, "override": own,
            "T_warm_return": T["T_warm_return"], "m_warm": f.m_warm, "T_cold_return": T["T_cold_return"], "m_cold": f.m_cold,
            "T_chw_return": T["T_chw_return"], "T_plant": T["T_chw_return"] - of["Q_wse"] / (f.m_chw * s.cp_water), "m_chw": f.m_chw,
            "Q_chiller": of["Q_chiller"], "T_inlet": T["T_air_cold"], "T_hot": T["T_air_hot"], "m_air": f.m_air, "q_air": w["q_air"],
            "T_wb": w["T_wb"], "T_db": w["T_db"], "p": w["p"], "T_dew_hall": 0.0 * w["p"] + s.T_dew_hall,
        }  # fmt: skip

    def ledger(self, x: np.ndarray, d: np.ndarray, fluxes: np.ndarray, flows: HybridFlows) -> dict[str, np.ndarray]:
        """Powers, heat and water of one step, and the heat stored at its end, each (b, 1)."""
        of, f, w = columns(self.flux_names, fluxes), flows, self.disturbances.unpack(d)
        Q_liquid = ops.sum_components(w["q_liquid"])
        P_it = Q_liquid + w["q_air"]
        return {
            **of, **{f"P_{use}": getattr(f, f"P_{use}") for use in FLOW_USES}, "P_it": P_it, "P_losses": self.site.loss_fraction * P_it,
            "Q_liquid": Q_liquid, "Q_air": w["q_air"], "Q_work_warm": ops.sum_components(f.Q_pump_cdu) + f.Q_pump_warm,
            "Q_work_cold": f.Q_pump_chw + f.Q_pump_cold + f.P_crah_fans + of["P_chillers"], STORED: self.stored_heat(x),
        }  # fmt: skip

    # -- what scenarios and checks need ---------------------------------------------------------------------------

    def disturbances_from(self, conditions: Conditions) -> np.ndarray:
        """Packed disturbances (n, nd)."""
        return np.asarray(self.disturbances.pack(conditions.columns))

    def loads(self, conditions: Conditions) -> Loads:
        """Heat of each CDU, of the hottest rack of each, and to air."""
        q = conditions.q_liquid
        return Loads(q_cdu=q @ self.equations.membership, q_rack=self.hottest(q), q_air=conditions.q_air)

    def initial_actuators(self) -> np.ndarray:
        """Pumps and fans near the middle of their range, one chiller, dry pads."""
        values = {"y_cdu": 0.8, "y_chw": 0.8, "y_crah": 0.9, "n_chillers": 1.0, "T_chw_set": self.site.T_chw_min + 4.0}
        for name in ("warm", "cold"):
            values |= {f"y_{name}": 0.85, f"v_{name}": 1.0, f"y_{name}_fan": 0.5, f"wet_{name}": 0.0}
        return np.asarray(self.actuators.pack(values))

    def margins(self, share: float) -> dict[str, float]:
        """Distance of each temperature to its limit [K] at a share of the rated load on the design day, everything on, pads wet."""
        lim, (x, u, d) = self.site.limits, self._design_point(share)
        T = self.states.unpack(x)
        chip, out = self.equations.rack_temperatures(T["T_plate"], T["T_supply"], self.disturbances.unpack(d)["q_liquid"], self.flows(u))
        return {
            "chip": lim.T_chip_max - float(chip.max()),
            "rack outlet": lim.T_return_max - float(out.max()),
            "secondary supply": lim.T_supply_max - float(T["T_supply"].max()),
            "server inlet": lim.T_inlet_max - float(T["T_air_cold"].max()),
        }

    def extrapolated(self, share: float) -> list[str]:
        """Declared ranges that are left on the design day, in words: dry coolers, economiser, chillers, air handlers."""
        s, (x, u, d) = self.site, self._design_point(share)
        T, a, w, f, of = (
            self.states.unpack(x), self.actuators.unpack(u), self.disturbances.unpack(d), self.flows(u),
            columns(self.flux_names, self.flux_vector(x, u, d)),
        )  # fmt: skip
        words = []
        for name, bank in self.equations.banks:
            m = getattr(f, f"m_{name}")
            air = bank.pad.leave(w["T_db"], w["T_wb"], w["p"], 1.0, a[f"wet_{name}"])
            words += bank.cooler.outside(T_in=T[f"T_{name}_return"], m=a[f"v_{name}"] * m, T_db=air.T_out, p=w["p"], w=air.w_out)
        T_cw, n = T["T_cold"] + of["Q_wse"] / (f.m_cold * s.cold.cp), float(s.n_chillers)
        words += s.economiser.outside(m_chw=f.m_chw, m_cw=f.m_cold)
        words += s.chiller.outside(
            Q_dot=of["Q_chiller"] / n, T_chw=T["T_chw"], T_cw_in=T_cw, m_cw=f.m_cold * (s.cold.cp / CP_WATER) / n
        )  # fmt: skip
        return words + s.crah.outside(T_air=T["T_air_hot"], T_water=T["T_chw"], m_air=f.m_air, m_water=f.m_chw)

    def _design_point(self, share: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """States at rest, actuators and disturbances on the design day."""
        s, one = self.site, np.ones(1)
        values = {k.name: k.high for k in self.actuators.signals} | {"T_chw_set": s.T_chw_min}
        u = np.asarray(self.actuators.pack(values))[None]
        d = self.disturbances_from(
            Conditions(q_liquid=np.full((1, s.n_racks), share * s.rack_power * s.liquid_share), T_wb=s.T_wb_design * one,
                       q_air=share * s.P_it_nominal * (1.0 - s.liquid_share) * one, T_db=s.T_db_design * one, p=s.p * one)
        )  # fmt: skip
        return self.steady(u, d), u, d


FLOW_USES = ("cdu_pumps", "warm_pumps", "warm_fans", "crah_fans", "chw_pumps", "cold_pumps", "cold_fans")
"""End uses whose power follows from the actuators alone."""


def cooling(f: HybridFlows, P_chillers: Signal) -> Signal:
    """Total cooling power [W]."""
    total = P_chillers
    for use in FLOW_USES:
        total = total + getattr(f, f"P_{use}")
    return total
