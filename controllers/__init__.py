"""Controllers: rule-based baselines, the predictive controller and its bound, and what a controller of one's own needs.

Rules are made for a site, predictive controllers for a plant and with the rule that takes over where a plan fails:

>>> import lowlift as ll
>>> plant = ll.models.load("gb200_hall")
>>> ll.controllers.Guideline36(plant.site).period
300.0
>>> fallback = ll.controllers.SiteTuned(plant.site)
>>> ll.controllers.MPC(plant, fallback, period=600.0, name="MPC every 10 min").name
'MPC every 10 min'

A controller of one's own is any object with ``name``, ``period``, ``reset`` and ``decide`` (:class:`Controller`); it returns a
:class:`Decision` with setpoints packed by :func:`setpoint_table`.
"""

from typing import TYPE_CHECKING

from lowlift.lazy import lazy

if TYPE_CHECKING:
    from lowlift.controllers.air_rules import AirFixedSetpoint, AirGuideline36
    from lowlift.controllers.air_static import AirStaticOptimal
    from lowlift.controllers.air_tuned import AirSiteTuned, AirTuning
    from lowlift.controllers.fixed import AsOperated, FixedSetpoint
    from lowlift.controllers.forecast import Forecaster, Perfect, Persistence
    from lowlift.controllers.guideline36 import G36Constants, Guideline36
    from lowlift.controllers.interface import Controller, Decision, Forecast, Measurement, Plan, Status, measurement_table, setpoint_table
    from lowlift.controllers.mpc import MPC
    from lowlift.controllers.ocp import Weights
    from lowlift.controllers.oracle import Oracle
    from lowlift.controllers.site_tuned import SiteTuned, SiteTuning
    from lowlift.controllers.static import StaticOptimal

__all__ = [
    "MPC", "AirFixedSetpoint", "AirGuideline36", "AirSiteTuned", "AirStaticOptimal", "AirTuning", "AsOperated", "Controller", "Decision",
    "FixedSetpoint", "Forecast", "Forecaster", "G36Constants", "Guideline36", "Measurement", "Oracle", "Perfect", "Persistence", "Plan",
    "SiteTuned", "SiteTuning", "StaticOptimal", "Status", "Weights", "measurement_table", "setpoint_table",
]  # fmt: skip

_HOME = {
    "AirFixedSetpoint": "air_rules", "AirGuideline36": "air_rules", "AirStaticOptimal": "air_static",
    "AirSiteTuned": "air_tuned", "AirTuning": "air_tuned",
    "AsOperated": "fixed", "FixedSetpoint": "fixed", "Forecaster": "forecast", "Perfect": "forecast", "Persistence": "forecast",
    "G36Constants": "guideline36", "Guideline36": "guideline36", "Controller": "interface", "Decision": "interface",
    "Forecast": "interface", "Measurement": "interface", "Plan": "interface", "Status": "interface", "measurement_table": "interface",
    "setpoint_table": "interface", "MPC": "mpc", "Weights": "ocp", "Oracle": "oracle", "SiteTuned": "site_tuned",
    "SiteTuning": "site_tuned", "StaticOptimal": "static",
}  # fmt: skip

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(__name__, {name: f"{__name__}.{module}" for name, module in _HOME.items()}, __all__)
