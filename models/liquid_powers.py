"""The power balance of a liquid hall, shared by the plant and its prediction model."""

import dataclasses

from lowlift.models.hydraulics import FacilityFlows
from lowlift.models.site import Site
from lowlift.thermal.ops import Signal


@dataclasses.dataclass(frozen=True)
class Powers:
    """Electric powers of the whole site [W], each a plant-level signal."""

    it: Signal
    losses: Signal
    cdu_pumps: Signal
    fws_pumps: Signal
    cw_pumps: Signal
    tower_fans: Signal
    chillers: Signal
    crah_fans: Signal
    air_path: Signal

    @property
    def cooling(self) -> Signal:
        """All that moves heat: pumps, fans, chillers and the charge for heat that leaves over the air boundary."""
        return (
            self.cdu_pumps + self.fws_pumps + self.cw_pumps + self.tower_fans + self.chillers + self.crah_fans
            + self.air_path
        )  # fmt: skip

    @property
    def facility(self) -> Signal:
        """Everything the site draws."""
        return self.it + self.losses + self.cooling


def site_powers(site: Site, f: FacilityFlows, P_cdu_pumps: Signal, P_it: Signal, q_air: Signal, P_chiller: Signal) -> Powers:
    """Powers for flows, heat of the IT equipment and power of the chillers, which comes from the thermal side."""
    return Powers(
        it=P_it,
        losses=site.loss_fraction * P_it,
        cdu_pumps=P_cdu_pumps,
        fws_pumps=f.P_fws_pumps,
        cw_pumps=f.P_cw_pumps,
        tower_fans=f.P_tower_fans,
        chillers=P_chiller,
        crah_fans=f.P_crah,
        air_path=0.0 * q_air if site.air_path_COP is None else q_air / site.air_path_COP,
    )
