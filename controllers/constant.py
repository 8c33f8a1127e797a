"""The same setpoints at all times: what fixed-setpoint controllers of all kinds of plants are made of."""

from collections.abc import Mapping

import numpy as np

from lowlift.controllers.interface import Decision, Forecast, Measurement, Status, setpoint_table
from lowlift.models.plant import SiteRecord


class Constant:
    """Constant setpoints, held within their ranges.

    Args:
        site: the site.
        name: name in tables.
        values: every setpoint of the site by name, SI; a number, or one for each component.
    """

    period = 300.0

    def __init__(self, site: SiteRecord, name: str, values: Mapping[str, float | np.ndarray]) -> None:
        self.site, self.name = site, name
        self.table = setpoint_table(site)
        self._setpoints = np.clip(np.asarray(self.table.pack(values))[None], self.table.low, self.table.high)
        self._batch = 1

    def reset(self, batch: int) -> None:
        """Start a run."""
        self._batch = batch

    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        """The constants."""
        return Decision(setpoints=np.repeat(self._setpoints, self._batch, axis=0), status=Status.RULE)
