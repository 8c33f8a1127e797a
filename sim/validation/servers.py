"""Table of air-cooled IT equipment in EnergyPlus' form."""

from typing import Any

from lowlift.sim.validation.context import design
from lowlift.sim.validation.spec import ZERO_C, Computed, Given, Out, Rows, TableSpec, outside
from lowlift.thermal import psychrometrics as psy
from lowlift.thermal.server import IteServer

T_HALL = (-20.0, 90.0)


def servers(rows: Rows) -> Computed:
    """Power, air and heat of the equipment at a load and inlet temperature."""
    d = design("server_ite_air_energyplus")
    sheet: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in d["server"].items()}
    machine = IteServer(**sheet)
    T_in, T_supply = rows.kelvin("t_in_C", "t_supply_C")
    # Dry air per volume, as heat capacity is per kilogram of dry air.
    rho = 1.0 / psy.specific_volume(T_in, d["w"], psy.pressure_at_altitude(d["altitude"]))
    s = machine.state(rows["cpu_load_frac"], T_in, rho, d["w"])
    values = {
        "p_cpu_W": s.P_cpu, "p_fan_W": s.P_fan, "p_psu_loss_W": s.psu_loss, "v_air_actual_m3_s": s.V_air, "m_air_kg_s": rho * s.V_air,
        "t_out_C": s.T_out - ZERO_C, "q_zone_W": s.Q_zone, "supply_heat_index": (T_in - T_supply) / (s.T_out - T_supply),
    }  # fmt: skip
    laws = {"air cooled by servers": s.T_out < T_in, "negative power": (s.P_cpu < 0.0) | (s.P_fan < 0.0)}
    return Computed(values, laws, beyond=outside(machine, u=rows["cpu_load_frac"], T_in=T_in))


TABLES = (
    TableSpec(
        name="server_ite_air_energyplus",
        title="Air-cooled servers",
        kind="component",
        given=(Given("cpu_load_frac", 0.0, 1.5), Given("t_in_C", *T_HALL), Given("t_supply_C", *T_HALL)),
        out=(
            Out("p_cpu_W", "tol_p_rel", floor=1.0), Out("p_fan_W", "tol_p_rel", floor=1.0), Out("p_psu_loss_W", "tol_p_rel", floor=0.1),
            Out("v_air_actual_m3_s", "tol_p_rel", floor=1e-4), Out("m_air_kg_s", "tol_p_rel", floor=1e-4), Out("t_out_C", "tol_t_out_K"),
            Out("q_zone_W", "tol_p_rel", floor=1.0), Out("supply_heat_index", "tol_index"),
        ),
        tolerances={"tol_p_rel": 0.01, "tol_t_out_K": 0.1, "tol_index": 0.005},
        compute=servers,
        source="EnergyPlus 25.2.0",
        differences=(
            "The curves are EnergyPlus' test values (6.7 % of CPU power per kelvin, fans 40 % of power): the table checks structure and "
            "bookkeeping, not real servers.",
            "EnergyPlus' loss of the power supply, P (1 - eff), is used here for the comparison; the library's default is P (1/eff - 1).",
            "Pressure and humidity of the hall are not in the table; they are taken as those that its air flows imply.",
        ),
        order=(
            "cpu_load_frac", "t_in_C", "t_supply_C", "t_zone_return_C", "p_cpu_W", "p_fan_W", "p_psu_loss_W", "v_air_actual_m3_s",
            "m_air_kg_s", "t_out_C", "q_zone_W", "supply_heat_index",
        ),
    ),
)  # fmt: skip
"""Tables of this family."""
