"""The air-cooled hall as a dynamic system: outdoor air, evaporative coolers and trim DX for rows of air-cooled servers.

The equations stand in :mod:`lowlift.models.air_equations`, the tables in :mod:`lowlift.models.air_tables`, the integrator in
:mod:`lowlift.models.implicit`; here they become a plant.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from lowlift.models import air_tables as tables
from lowlift.models.air_equations import AirEquations, AirFluxes, energy, temperature
from lowlift.models.air_site import AirSite
from lowlift.models.implicit import ImplicitStepper, settle
from lowlift.models.linear import LinearModel, linearize_outputs
from lowlift.models.plant import Conditions, Loads, Stepper
from lowlift.models.sheet import STORED
from lowlift.models.signals import Role, SignalInfo, SignalVector, columns
from lowlift.thermal import ops
from lowlift.thermal import psychrometrics as psy
from lowlift.thermal.ops import Signal

SENSOR_TIME_CONSTANT = 10.0
"""First-order lag of the sensors that control loops read [s] (guess)."""
LATENT, C_VAPOUR = 2.501e6, 1860.0
"""Of the enthalpy of moist air, :func:`lowlift.thermal.psychrometrics.enthalpy` [J/kg, J/(kg K)]."""


class AirHall:
    """A site as a dynamic system ``dx/dt = f(x, u, d)``; leading axes are the batch."""

    flux_names = AirFluxes.names()

    def __init__(self, site: AirSite) -> None:
        self.site = site
        self.equations = AirEquations(site)
        self.volumes = {"supply": site.supply, "cold": site.cold, "hot": site.hot}
        self.states = tables.state_table(site)
        self.actuators = tables.actuator_table(site)
        self.disturbances = tables.disturbance_table(site)
        self.row_matrix = np.eye(site.n_rows)[site.row_of_rack]

    # -- physics --------------------------------------------------------------------------------------------------

    def conserved(self, x: Signal) -> Signal:
        """Row temperatures, energies [J/kg] and humidities of the volumes, sensors: what :mod:`lowlift.models.implicit` integrates."""
        v = self.states.unpack(x)
        energies = [energy(volume, v[f"T_{n}"], v[f"w_{n}"]) for n, volume in self.volumes.items()]
        return ops.stack([v["T_mass"], *energies, *(v[f"w_{n}"] for n in self.volumes), *(v[n] for n in tables.SENSORS)])

    def recovered(self, z: Signal) -> Signal:
        """States from conserved quantities."""
        v = self.states.unpack(z)
        T = [temperature(volume, v[f"T_{n}"], v[f"w_{n}"]) for n, volume in self.volumes.items()]
        return ops.stack([v["T_mass"], *T, *(v[f"w_{n}"] for n in self.volumes), *(v[n] for n in tables.SENSORS)])

    def rates(self, x: Signal, u: Signal, d: Signal) -> tuple[Signal, Signal]:
        """Rates of the conserved quantities, and the fluxes in the order of :attr:`flux_names`."""
        v = self.states.unpack(x)
        net, fluxes = self.equations.evaluate(v, self.actuators.unpack(u), self.disturbances.unpack(d))
        masses = ops.constant(self.site.server.C * self.site.racks_of_row, v["T_mass"])
        result = [
            net["T_mass"] / masses,
            *(net[n] / volume.M for n, volume in self.volumes.items()),
            *(net[f"w_{n}"] / volume.M for n, volume in self.volumes.items()),
            *((v[node] - v[sensor]) / SENSOR_TIME_CONSTANT for sensor, node in tables.SENSORS.items()),
        ]
        return ops.stack(result), ops.stack([getattr(fluxes, n) for n in self.flux_names])

    def derivatives(self, x: Signal, u: Signal, d: Signal) -> Signal:
        """``dx/dt`` [K/s and kg/kg/s]."""
        v, rate = self.states.unpack(x), self.states.unpack(self.rates(x, u, d)[0])
        result = dict(rate)
        for n, volume in self.volumes.items():
            per_kelvin = 1006.0 + C_VAPOUR * v[f"w_{n}"] + volume.C / volume.M
            per_water = LATENT + C_VAPOUR * (v[f"T_{n}"] - psy.ZERO_C)
            result[f"T_{n}"] = (rate[f"T_{n}"] - per_water * rate[f"w_{n}"]) / per_kelvin
        return self.states.pack(result)

    def stored_heat(self, x: Signal) -> Signal:
        """Energy of all masses and volumes [J] over 0 K for solids of servers, over air and liquid water at 0 C elsewhere."""
        v = self.states.unpack(x)
        masses = ops.constant(self.site.server.C * self.site.racks_of_row, v["T_mass"])
        total = ops.sum_components(masses * v["T_mass"])
        for n, volume in self.volumes.items():
            total = total + volume.M * energy(volume, v[f"T_{n}"], v[f"w_{n}"])
        return total

    def stored_vapour(self, x: Signal) -> Signal:
        """Water vapour of all volumes [kg]."""
        v = self.states.unpack(x)
        return sum(volume.M * v[f"w_{n}"] for n, volume in self.volumes.items())

    def integrator(self, h: float) -> Stepper:
        """:class:`lowlift.models.implicit.ImplicitStepper` for steps of ``h`` seconds."""
        return ImplicitStepper(self, h)

    def steady(self, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        """States at rest (b, nx) for held ``u`` (b, nu) and ``d`` (b, nd).

        Raises:
            SteadyStateError: none was found.
        """
        guess = {name: 0.008 if name.startswith("w_") else 298.15 for name in self.states.slices}
        return settle(self, np.asarray(self.states.pack(guess)), u, d)

    def outputs(self, x: Signal, u: Signal, d: Signal) -> Signal:
        """What a controller of this plant is about, in the order of :attr:`output_table`."""
        v = self.states.unpack(x)
        of = dict(zip(self.flux_names, ops.split(self.rates(x, u, d)[1], [1] * len(self.flux_names)), strict=True))
        dew = psy.dew_point(v["w_cold"], self.disturbances.unpack(d)["p"])
        return ops.stack([v["T_supply_sensor"], v["T_inlet_sensor"], v["T_hot"], dew, of["dp"], self._cooling(of)])

    @property
    def output_table(self) -> SignalVector:
        """Outputs of the linear model."""
        rows = [
            ("T_supply", "K", "supply air, as its sensor reads it"), ("T_inlet", "K", "server inlet air, as its sensor reads it"),
            ("T_hot", "K", "hot aisle"), ("T_dew_hall", "K", "dew point of the air at the servers"),
            ("dp_aisle", "Pa", "pressure of the cold over the hot aisle"), ("P_cooling", "W", "total cooling power, server fans included"),
        ]  # fmt: skip
        return SignalVector([SignalInfo(name=n, role=Role.OUTPUT, unit=unit, doc=doc) for n, unit, doc in rows])

    def linearize(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> LinearModel:
        """``A, B, C, D, E, F`` around one point, exact derivatives; outputs are those of :attr:`output_table`."""
        return linearize_outputs(self, self.output_table, self.outputs, x, u, d)

    @staticmethod
    def _cooling(of: Mapping[str, Signal]) -> Signal:
        return of["P_server_fans"] + of["P_fans"] + of["P_indirect"] + of["P_pads"] + of["P_dx"]

    # -- what runs record -----------------------------------------------------------------------------------------

    def flows(self, u: Any) -> None:
        """Nothing: all flows depend on states or weather too."""

    def flux_vector(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        """Fluxes at one instant (b, nf)."""
        return self.rates(x, u, d)[1]

    def measure(
        self, x: np.ndarray, u: np.ndarray, d: np.ndarray, fluxes: np.ndarray, own: np.ndarray, flows: None
    ) -> dict[str, np.ndarray]:
        """Readings by name, each (b, 1); ``own`` is the lowering of the supply setpoint.

        Flows, powers and mixing temperatures are means over the step that has ended.
        """
        T, a, w, of = self.states.unpack(x), self.actuators.unpack(u), self.disturbances.unpack(d), columns(self.flux_names, fluxes)
        return {
            "T_supply": T["T_supply_sensor"], "T_inlet": T["T_inlet_sensor"], "T_hot": T["T_hot"], "T_return": of["T_return"],
            "T_mixed": of["T_mixed"], "T_evaporative": of["T_evaporative"], "T_dew_hall": psy.dew_point(T["w_cold"], w["p"]),
            "dp_aisle": of["dp"], "m_air": of["m_supply"], "q_air": ops.sum_components(w["q_row"]),
            "q_fans": of["P_server_fans"], "Q_evaporator": of["Q_dx"], **a, "boost": own, "T_wb": w["T_wb"], "T_db": w["T_db"], "p": w["p"],
        }  # fmt: skip

    def ledger(self, x: np.ndarray, d: np.ndarray, fluxes: np.ndarray, flows: None) -> dict[str, np.ndarray]:
        """Powers, heat, water and vapour of one step, and what is stored at its end, each (b, 1)."""
        of = columns(self.flux_names, fluxes)
        P_it = ops.sum_components(self.disturbances.unpack(d)["q_row"])
        return of | {
            "P_it": P_it, "Q_it": P_it + of["P_psu"] + of["P_server_fans"], "Q_fans": of["P_fans"], STORED: self.stored_heat(x),
            tables.STORED_WATER: self.stored_vapour(x),
        }  # fmt: skip

    # -- what scenarios and checks need ---------------------------------------------------------------------------

    def disturbances_from(self, conditions: Conditions) -> np.ndarray:
        """Packed disturbances (n, nd): heat to air is spread over the rows by their racks, heat to liquid counts with its rack's row."""
        c = conditions
        rows = c.q_liquid @ self.row_matrix + c.q_air[:, None] * (self.site.racks_of_row / self.site.n_racks)
        packed: Any = self.disturbances.pack({"q_row": rows, "T_wb": c.T_wb[:, None], "T_db": c.T_db[:, None], "p": c.p[:, None]})
        return np.asarray(packed)

    def loads(self, conditions: Conditions) -> Loads:
        """All heat to air, no CDUs."""
        none = np.zeros((len(conditions.q_air), 0))
        return Loads(q_cdu=none, q_rack=none, q_air=conditions.q_air + conditions.q_liquid.sum(axis=1))

    def initial_actuators(self) -> np.ndarray:
        """Recirculated air, indirect coolers, and DX for a warm day: too cold a start is mended sooner than too hot a one."""
        values = {"y_fan": 0.85, "y_damper": self.site.x_min, "y_iec": 1.0, "v_spray": 1.0, "v_pad": 0.0,
                  "n_dx": float(max(round(0.6 * self.site.n_dx), 1)), "y_dx": 0.7}  # fmt: skip
        return np.asarray(self.actuators.pack(values))

    def margins(self, share: float) -> dict[str, float]:
        """Distance of the air at the servers to its limits [K]; see :mod:`lowlift.models.air_design`."""
        from lowlift.models.air_design import margins

        return margins(self, share)

    def extrapolated(self, share: float) -> list[str]:
        """Ranges of components that the design point leaves, in words."""
        from lowlift.models.air_design import extrapolated

        return extrapolated(self, share)
