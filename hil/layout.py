"""Where a served plant finds in its point list what it fills and what it reads."""

import numpy as np

from lowlift.models.plant import Plant
from lowlift.wire.point_list import PointList


class Layout:
    """Positions of the point list that the served plant fills or reads."""

    def __init__(self, plant: Plant, points: PointList) -> None:
        sheet, at = plant.site.sheet, points.position

        def positions(names: list[str]) -> np.ndarray:
            return np.array([at(name) for name in names], dtype=int)

        self.readings = positions(sheet.measurements.names)
        self.meter_names = [*sheet.powers, *sheet.waters]
        self.meters = positions(self.meter_names)
        self.in_force = positions([f"{name}.fbk" for name in sheet.setpoints.names])
        names = plant.actuators.names
        self.output_columns = np.array([k for k, name in enumerate(names) if f"{name}.out" in points.index], dtype=int)
        self.outputs = positions([f"{names[k]}.out" for k in self.output_columns])
        self.supervision, self.beat, self.elapsed = at("supervision.fbk"), at("heartbeat.fbk"), at("elapsed")
        self.alarms = positions([p.name for p in points.points if p.name.startswith("alarm.")])
        self.setpoints = positions([f"{name}.cmd" for name in sheet.setpoints.names])
        self.mode = positions([f"{name}.mode" for name in names])
        self.hand = positions([f"{name}.hand" for name in names])
        self.heartbeat, self.remote = at("heartbeat.cmd"), at("remote_enable.cmd")
