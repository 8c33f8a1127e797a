"""From the data sheet of a chilled-water plant to its parts in SI; refused values name the key that they come from."""

import json
from importlib import resources
from typing import Any

from lowlift.data.hints import hint
from lowlift.models.build import identity, in_kelvin, keys
from lowlift.models.chiller_plant import ChillerPlant, LoopData
from lowlift.models.chiller_schema import ChillerFile, Loop
from lowlift.models.chiller_site import ChillerLimits, ChillerSite
from lowlift.models.schema import SiteValueError
from lowlift.models.site import ZERO_C
from lowlift.thermal.chiller_eir import EirChiller
from lowlift.thermal.curve_pump import CurvePump
from lowlift.thermal.tower_control import SetpointTower


def build_site(file: ChillerFile) -> ChillerSite:
    """Derive the SI parts of a chilled-water plant from its checked data sheet.

    Raises:
        SiteValueError: a part refuses its values, or there are no such curves; names the key.
    """
    s = file.site
    return ChillerSite(
        **identity(s),
        loss_fraction=s.loss_fraction,
        limits=ChillerLimits(**in_kelvin(file.limits)),
        n_racks=file.racks.count,
        rack_power=file.racks.power_kW * 1e3,
        parts=_parts(file),
        y_chw_min=file.chilled_water.flow_min,
    )


def _parts(file: ChillerFile) -> ChillerPlant:
    chw, cw, t = file.chilled_water, file.condenser_water, file.tower
    with keys("chiller"):
        chiller = EirChiller.from_energyplus(_curves(file.chiller.curves))
    with keys("tower", T_wb_nominal="tower.T_wb_degC", approach_nominal="tower.approach_K", range_nominal="tower.range_K"):
        tower = SetpointTower(
            T_wb_nominal=t.T_wb_degC + ZERO_C,
            approach_nominal=t.approach_K,
            range_nominal=t.range_K,
            V_water_nominal=cw.flow_L_s * 1e-3,
            V_air_nominal=t.air_flow_m3_s,
            P_fan_nominal=t.fan_kW * 1e3,
            drift=t.drift,
            cycles=t.cycles,
            moist_basis=t.moist_basis,
        )
    with keys("condenser_water", T_flow_chw="chilled_water.T_flow_degC", T_flow_cw="condenser_water.T_flow_degC"):
        loops = LoopData(
            volume_chw=chw.volume_m3,
            volume_cw=cw.volume_m3,
            T_flow_chw=chw.T_flow_degC + ZERO_C,
            T_flow_cw=cw.T_flow_degC + ZERO_C,
            T_cw_low=cw.T_set_min_degC + ZERO_C,
            T_cw_high=cw.T_set_max_degC + ZERO_C,
        )
    try:
        return ChillerPlant(chiller=chiller, tower=tower, pump_chw=_pump(chw), pump_cw=_pump(cw), loops=loops)
    except ValueError as error:
        # The hourly relations need loops that settle within the hour.
        raise SiteValueError("chilled_water" if str(error).startswith("chilled") else "condenser_water", str(error)) from error


def _pump(loop: Loop) -> CurvePump:
    return CurvePump(V_dot_nominal=loop.flow_L_s * 1e-3, dp_nominal=loop.dp_kPa * 1e3, eta_hydraulic=loop.pump_efficiency,
                     eta_motor=loop.motor_efficiency)  # fmt: skip


def _curves(name: str) -> dict[str, Any]:
    """Packaged curves of one chiller, in the layout of an EnergyPlus input file (epJSON)."""
    folder = resources.files("lowlift.data") / "equipment"
    known: dict[str, dict[str, Any]] = {}
    for file in folder.iterdir():
        if file.name.endswith(".json"):
            content = json.loads(file.read_text(encoding="utf-8"))
            # One machine a file, or many by name.
            known |= {file.name.removesuffix(".json"): content} if "chiller" in content else content
    if name not in known:
        raise SiteValueError("chiller.curves", f"no such curves are packaged; {hint(name, known)}")
    return known[name]
