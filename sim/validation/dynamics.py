"""Tables of step responses: chip, plate and coolant, and a mixed tank."""

from lowlift.sim.validation.spec import ZERO_C, Computed, Given, Out, Rows, TableSpec
from lowlift.thermal.ladder import Ladder
from lowlift.thermal.storage import mixed_step

T_LIQUID = (-50.0, 200.0)
POSITIVE = (1e-9, 1e12)


def chip(rows: Rows) -> Computed:
    """Chip, plate and coolant after a step of heat and inlet temperature, from the steady state before."""
    ladder = Ladder(
        1.0 / rows["R_chip_plate_K_W"], 1.0 / rows["R_plate_coolant_K_W"], rows["m_kg_s"] * rows["cp_J_kgK"],
        rows["C_chip_J_K"], rows["C_plate_J_K"], rows["C_coolant_J_K"],  # type: ignore[arg-type]  # one ladder a row
    )  # fmt: skip
    rise = ladder.resistances()
    before = rise.times(rows["q_before_W"]).shifted(rows["t_in_before_C"])
    after = rise.times(rows["q_after_W"]).shifted(rows["t_in_after_C"])
    now, left = after, ladder.decay(rows["t_s"]).apply(before.minus(after))
    values = {"t_chip_C": now.chip + left.chip, "t_plate_C": now.plate + left.plate, "t_coolant_out_C": now.cool + left.cool}
    return Computed(values)


def tank(rows: Rows) -> Computed:
    """A well-mixed tank after a time of constant inflow."""
    T, T_in, T_amb = rows.kelvin("t0_C", "t_in_C", "t_amb_C")
    C_dot, C = rows["m_kg_s"] * rows["cp_J_kgK"], rows["rho_kg_m3"] * rows["cp_J_kgK"] * rows["volume_m3"]
    return Computed({"t_tank_C": mixed_step(T, T_in, C_dot, T_amb, rows["UA_W_K"], C, rows["t_s"]).T - ZERO_C})


TABLES = (
    TableSpec(
        name="dynamic_chip_plate_coolant",
        title="Chip, plate and coolant after a step",
        kind="component",
        given=(
            Given("q_before_W", 0.0, 1e6), Given("q_after_W", 0.0, 1e6), Given("m_kg_s", *POSITIVE), Given("t_in_before_C", *T_LIQUID),
            Given("t_in_after_C", *T_LIQUID), Given("C_chip_J_K", *POSITIVE), Given("C_plate_J_K", *POSITIVE),
            Given("C_coolant_J_K", *POSITIVE), Given("R_chip_plate_K_W", *POSITIVE), Given("R_plate_coolant_K_W", *POSITIVE),
            Given("cp_J_kgK", *POSITIVE), Given("t_s", 0.0, 1e9),
        ),
        out=(Out("t_chip_C", "tol_abs_K"), Out("t_plate_C", "tol_abs_K"), Out("t_coolant_out_C", "tol_abs_K")),
        tolerances={"tol_abs_K": 0.05},
        compute=chip,
        source="exact solution",
        differences=("Both sides solve the same linear equations exactly: the table shows the propagator, not the physics.",),
        order=(
            "case", "q_before_W", "q_after_W", "m_kg_s", "t_in_before_C", "t_in_after_C", "C_chip_J_K", "C_plate_J_K", "C_coolant_J_K",
            "R_chip_plate_K_W", "R_plate_coolant_K_W", "cp_J_kgK", "t_s", "t_chip_C", "t_plate_C", "t_coolant_out_C",
        ),
    ),
    TableSpec(
        name="thermal_storage_mixed_step",
        title="Mixed tank after a step",
        kind="component",
        given=(
            Given("volume_m3", *POSITIVE), Given("m_kg_s", 0.0, 1e6), Given("t0_C", *T_LIQUID), Given("t_in_C", *T_LIQUID),
            Given("UA_W_K", 0.0, 1e9), Given("t_amb_C", *T_LIQUID), Given("rho_kg_m3", *POSITIVE), Given("cp_J_kgK", *POSITIVE),
            Given("t_s", 0.0, 1e9),
        ),
        out=(Out("t_tank_C", "tol_abs_K"),),
        tolerances={"tol_abs_K": 0.01},
        compute=tank,
        source="exact solution",
        differences=("Both sides solve the same linear equation exactly.",),
    ),
)  # fmt: skip
"""Tables of this family."""
