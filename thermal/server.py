"""Air-cooled servers: fans that follow inlet temperature and load, exhaust air, thermal mass; and EnergyPlus' form.

What
    :class:`AirServer` is a rack or a hall of servers with a fan law of its own. :class:`IteServer` is the structure of EnergyPlus'
    object ElectricEquipment:ITE:AirCooled, with its curves as parameters. In both, fans belong to IT power.

    Equations stand with each class, numbered through. ``u`` is load 0..1.

Validity
    Load 0 to 1, inlet 283 K to 318 K, air up to 0.03 kg/kg moist.

Sources
    EnergyPlus 25.2, ``ElectricEquipment:ITE:AirCooled``; ASHRAE TC 9.9, 2011 Thermal Guidelines for Data Processing Environments,
    Expanded Data Center Classes and Usage Guidance (2011), for server power that rises with the inlet: the ramp itself is a guess.
"""

import dataclasses

from lowlift.thermal import ops
from lowlift.thermal.chiller_eir import biquadratic
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.hall_air import RHO_AIR
from lowlift.thermal.ops import Signal

W_HALL = 0.008
"""Humidity ratio of hall air, dew point about 11 C."""
RATIO_WIDTH = 0.01
"""Rounding of the fan ratio at full speed."""
CURVE_WIDTH = 1e-3
FLOW_SMALL = 1e-4
"""Least air flow over design flow where it divides."""


def c_p(w: Signal) -> Signal:
    """Heat capacity of moist air [J/(kg dry air K)]."""
    return 1006.0 + 1860.0 * w


def inlet(T_supply: Signal, T_return: Signal, x_rec: Signal) -> Signal:
    """Server inlet [K] with a share ``x_rec`` of recirculated hot air, equation (6).

    >>> inlet(293.15, 313.15, 0.1)
    295.15
    """
    return T_supply + x_rec * (T_return - T_supply)


@dataclasses.dataclass(frozen=True)
class ServerState:
    """Servers at work."""

    P_it: Signal
    """Electronics without fans [W]."""
    P_fan: Signal
    """Fans [W]."""
    P: Signal
    """IT power, fans inside [W]."""
    Q_liquid: Signal
    """Heat to the cold plates [W]."""
    Q_air: Signal
    """Heat to the air at rest, the rest of IT power [W]."""
    m_air: Signal
    """Air through the servers [kg/s]."""
    T_exhaust: Signal
    """Air leaving at rest [K]."""


class AirServer(Component):
    """Air-cooled (or partly liquid-cooled) servers.

    Equations
        ::

            r = r_idle + (1 - r_idle - r_hot) u + a softplus(T_in - T_ramp), at most 1,  r = V / V_des    (1)
            P_fan = P_fan,des r^n,   m = rho V_des r                                                      (2)
            P = P_it + P_fan,   Q_liquid = x_liquid P_it,   Q_air = P - Q_liquid                          (3)
            C dT_mass/dt = P_it - Q_liquid - G (T_mass - T_in),   G = m c_p (1 - exp(-hA / (m c_p)))      (4)
            T_exhaust = T_in + (G (T_mass - T_in) + P_fan) / (m c_p);   at rest T_in + Q_air / (m c_p)    (5)
            T_in = T_supply + x_rec (T_return - T_supply)                                                 (6)

        ``r_hot`` is the reserve of flow that load alone never uses; ``hA`` grows with ``r^0.8``. The ramp ends at full speed (rounded
        over 0.01).

    Assumptions
        1. Fans start to rise near 25 C to 27 C inlet and take effect at once. 2. Fan heat enters the air behind the mass.

    Differences from EnergyPlus
        A fan law instead of curves, and a thermal mass.

    >>> rack = AirServer(P_nominal=1.0e4, V_nominal=0.52, P_fan_nominal=900.0)
    >>> state = rack.state(1.0, 295.15)
    >>> round(float(state.P_fan)), round(float(state.T_exhaust) - 295.15, 1)
    (333, 23.7)
    """

    P_nominal: float = parameter(unit="W", above=0.0, doc="electronics at full load, without fans")
    V_nominal: float = parameter(unit="m^3/s", above=0.0, doc="air at full fan speed")
    P_fan_nominal: float = parameter(unit="W", low=0.0, doc="fans at full speed")
    idle_share: float = parameter(default=0.3, unit="1", low=0.0, high=1.0, doc="idle over full electronic power (guess)")
    r_idle: float = parameter(default=0.3, unit="1", above=0.0, below=1.0, doc="fan ratio, idle and cool (guess)")
    r_hot: float = parameter(default=0.3, unit="1", low=0.0, below=1.0, doc="fan ratio kept for a hot inlet (guess)")
    T_ramp: float = parameter(default=299.15, unit="K", low=283.15, high=318.15, doc="inlet where fans begin to rise (guess)")
    ramp: float = parameter(default=0.05, unit="1/K", low=0.0, high=1.0, doc="rise of the fan ratio per kelvin above that (guess)")
    ramp_width: float = parameter(default=1.0, unit="K", above=0.0, high=5.0, doc="width of the ramp's foot")
    exponent: float = parameter(default=2.8, unit="1", low=1.0, high=3.5, doc="fan power over flow (2.6 to 3)")
    liquid_share: float = parameter(default=0.0, unit="1", low=0.0, high=1.0, doc="share of electronic heat to cold plates")
    hA_nominal: float = parameter(default=600.0, unit="W/K", above=0.0, doc="mass to air at full flow, for the size given (guess)")
    C: float = parameter(default=8.0e4, unit="J/K", above=0.0, doc="heat capacity of the mass (guess)")

    def check(self) -> None:
        """Load and inlet may not ask for more than full speed."""
        if self.r_idle + self.r_hot > 1.0:
            self.reject("r_hot", f"must be at most 1 - r_idle = {1.0 - self.r_idle:.3f}")

    @property
    def ranges(self) -> dict[str, Range]:
        """Load, inlet [K], humidity [kg/kg]."""
        return {"u": Range(0.0, 1.0), "T_in": Range(283.0, 318.0, "K"), "w": Range(0.0, 0.03, "kg/kg")}

    def fan_ratio(self, u: Signal, T_in: Signal) -> Signal:
        """Flow over full flow, equation (1)."""
        asked = self.r_idle + (1.0 - self.r_idle - self.r_hot) * u + self.ramp * ops.softplus(T_in - self.T_ramp, self.ramp_width)
        return ops.smooth_min(asked, 1.0, RATIO_WIDTH)

    def P_it(self, u: Signal) -> Signal:
        """Power of the electronics [W] at load ``u``."""
        return self.P_nominal * (self.idle_share + (1.0 - self.idle_share) * u)

    def state(self, u: Signal, T_in: Signal, rho: Signal = RHO_AIR, w: Signal = W_HALL) -> ServerState:
        """Servers at load ``u`` and inlet ``T_in`` [K], equations (1) to (3) and (5) at rest.

        Args:
            u: load 0..1.
            T_in: inlet [K].
            rho: dry air per volume [kg/m^3].
            w: humidity ratio [kg/kg dry air].
        """
        r = self.fan_ratio(u, T_in)
        P_it, P_fan = self.P_it(u), self.P_fan_nominal * ops.power(r, self.exponent, FLOW_SMALL)
        m = rho * self.V_nominal * r
        Q_liquid = self.liquid_share * P_it
        Q_air = P_it + P_fan - Q_liquid
        return ServerState(P_it, P_fan, P_it + P_fan, Q_liquid, Q_air, m, T_in + Q_air / (m * c_p(w)))

    def mass_conductance(self, m_air: Signal, w: Signal = W_HALL) -> Signal:
        """``G`` [W/K] of equation (4); zero without air."""
        scale = RHO_AIR * self.V_nominal
        C_dot = m_air * c_p(w)
        C_safe = ops.smooth_abs(C_dot, FLOW_SMALL * scale * c_p(w))
        return -C_dot * ops.expm1(-self.hA_nominal * ops.power(m_air / scale, 0.8, FLOW_SMALL) / C_safe)

    def mass_rate(self, T_mass: Signal, state: ServerState, T_in: Signal, w: Signal = W_HALL) -> Signal:
        """``dT_mass/dt`` [K/s], equation (4)."""
        return (state.P_it - state.Q_liquid - self.mass_conductance(state.m_air, w) * (T_mass - T_in)) / self.C

    def T_exhaust(self, T_mass: Signal, state: ServerState, T_in: Signal, w: Signal = W_HALL) -> Signal:
        """Exhaust [K] while the mass is at ``T_mass``, equation (5)."""
        through = self.mass_conductance(state.m_air, w) * (T_mass - T_in)
        return T_in + (through + state.P_fan) / (state.m_air * c_p(w))


@dataclasses.dataclass(frozen=True)
class IteState:
    """EnergyPlus' air-cooled IT equipment at work."""

    P_cpu: Signal
    P_fan: Signal
    psu_loss: Signal
    """Loss of the power supply, to the room [W]."""
    V_air: Signal
    """Air [m^3/s]."""
    T_out: Signal
    """Air leaving [K]."""
    Q_zone: Signal
    """All heat, the sum of the three powers [W]."""


class IteServer(Component):
    """EnergyPlus' form; curve arguments are load and inlet in C.

    Equations
        ::

            P_cpu = P_des (1 - f) g_cpu(u, T_in),   V = v P_des g_air(u, T_in)                            (7)
            P_fan = P_des f g_fan(V / V_des),   loss = (P_cpu + P_fan)(1/eta - 1)                         (8)
            T_out = T_in + (P_cpu + P_fan) / (m c_p)                                                      (9)

    Assumptions
        The power supply's loss of (8) goes to the room and not through the server's air stream, as in EnergyPlus.

    Differences from EnergyPlus
        Its supply loses ``P (1 - eta)``, which is not what an efficiency of ``eta`` means: ``loss_of_input=True`` gives that form.
        Curves are kept from going below zero by a ramp rounded over 1e-3. The curves of its example files are test values, not servers.

    >>> server = IteServer(P_nominal=2.0e4, cpu_ft=(1.0, 0.0, 0.0, 0.0, 0.0, 0.0), air_ft=(1.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    >>> round(float(server.state(1.0, 293.15).psu_loss)), round(float(server.state(1.0, 293.15).P_fan))
    (2222, 4000)
    """

    P_nominal: float = parameter(unit="W", above=0.0, doc="design power, fans inside")
    fan_share: float = parameter(default=0.2, unit="1", low=0.0, below=1.0, doc="share of fans in design power")
    flow_per_watt: float = parameter(default=1e-4, unit="m^3/s/W", above=0.0, doc="design air flow per design power")
    psu_efficiency: float = parameter(default=0.9, unit="1", above=0.0, high=1.0, doc="efficiency of the power supply")
    loss_of_input: bool = False
    """Take the loss as ``P (1 - eta)``, as EnergyPlus does, instead of ``P (1/eta - 1)``."""
    cpu_ft: tuple[float, ...] = (0.0, 1.0, 0.0, 0.0, 0.0, 0.0)
    """CPU power over design, a biquadratic of load and inlet temperature."""
    air_ft: tuple[float, ...] = (0.0, 1.0, 0.0, 0.0, 0.0, 0.0)
    """Air flow over design, likewise."""
    fan_ff: tuple[float, ...] = (0.0, 1.0)
    """Fan power over design, a polynomial of flow over design flow."""

    def check(self) -> None:
        """Biquadratics have six coefficients."""
        for name in ("cpu_ft", "air_ft"):
            if len(getattr(self, name)) != 6:
                self.reject(name, "must have six coefficients (1, x, x^2, y, y^2, x y)")

    @property
    def ranges(self) -> dict[str, Range]:
        """Load, inlet [K], humidity [kg/kg]."""
        return {"u": Range(0.0, 1.0), "T_in": Range(283.0, 318.0, "K"), "w": Range(0.0, 0.03, "kg/kg")}

    def state(self, u: Signal, T_in: Signal, rho: Signal = RHO_AIR, w: Signal = W_HALL) -> IteState:
        """Equipment at load ``u`` and inlet ``T_in`` [K] in air of density ``rho`` [kg/m^3] and humidity ratio ``w``."""
        t = T_in - 273.15
        cpu = ops.smooth_max(biquadratic(u, t, self.cpu_ft), 0.0, CURVE_WIDTH)
        air = ops.smooth_max(biquadratic(u, t, self.air_ft), 0.0, CURVE_WIDTH)
        P_cpu = self.P_nominal * (1.0 - self.fan_share) * cpu
        P_fan = self.P_nominal * self.fan_share * ops.smooth_max(ops.polynomial(air, self.fan_ff), 0.0, CURVE_WIDTH)
        V = self.flow_per_watt * self.P_nominal * air
        eta = self.psu_efficiency
        loss = (P_cpu + P_fan) * ((1.0 - eta) if self.loss_of_input else (1.0 / eta - 1.0))
        return IteState(P_cpu, P_fan, loss, V, T_in + (P_cpu + P_fan) / (rho * V * c_p(w)), P_cpu + P_fan + loss)
