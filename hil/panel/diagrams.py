"""The diagram of each kind of plant."""

from lowlift.hil.fmu_plant import FmuPlant
from lowlift.hil.panel.diagram import Block, Diagram, Loop, fitted, item
from lowlift.hil.panel.shown import Shown
from lowlift.hil.panel.tables import tables_of
from lowlift.models.plant import Plant

LIQUID_HALL = Diagram(
    blocks=(
        Block(key="racks", title="Racks on CDUs", symbol="rack", at=(0, 0), tiles="T_chip", tile_words="CDU", items=(
            item("IT power", "P_it"), item("hottest chip", "T_chip"), item("rack return", "T_return_hot"), item("supply", "T_supply"),
            item("CDU pumps", "P_cdu_pumps"),
        )),
        Block(key="facility", title="Facility pumps", symbol="pump", at=(1, 0), items=(
            item("speed", "y_fws"), item("running", "n_fws", "sum"), item("header", "dp_header"), item("power", "P_fws_pumps"),
        )),
        Block(key="economiser", title="Economiser", symbol="exchanger", at=(2, 0), items=(
            item("to the hall", "T_fws"), item("after it", "T_plant"), item("past chillers", "split"),
        )),
        Block(key="towers", title="Cooling towers", symbol="tower", at=(3, 0), items=(
            item("wet bulb", "T_wb"), item("fan speed", "y_fan"), item("cells", "n_cells"), item("fans", "P_tower_fans"),
            item("pumps running", "n_cw"), item("pumps", "P_cw_pumps"), item("evaporation", "evaporation"),
        )),
        Block(key="air", title="Hall air", symbol="fan", at=(0, 1), items=(
            item("server inlet", "T_inlet"), item("supply air", "T_air"), item("heat to air", "q_air"), item("dew point", "T_dew_hall"),
            item("CRAH speed", "y_crah"), item("CRAH fans", "P_crah_fans"), item("air path", "P_air_path"),
        )),
        Block(key="chw", title="Chilled water", symbol="pump", at=(1, 1), items=(item("speed", "y_chw"), item("flow", "m_chw"))),
        Block(key="chillers", title="Chillers", symbol="chiller", at=(2, 1), items=(
            item("running", "n_chillers"), item("cooling", "Q_chiller"), item("leaving", "T_chw"), item("power", "P_chillers"),
        )),
    ),
    loops=(
        Loop(a="racks", b="facility", cold=(item("", "T_fws"),), warm=(item("", "T_fws_return"), item("", "m_pri", "sum")), flow="m_pri"),
        Loop(a="facility", b="economiser", cold=(item("", "T_fws"),), warm=(item("", "T_fws_return"),), flow="m_pri"),
        Loop(a="economiser", b="towers", cold=(item("", "T_tower"),), warm=(item("", "T_tower_return"), item("", "m_cw")), flow="m_cw"),
        Loop(a="air", b="chw", cold=(item("", "T_chw"),), flow="m_chw"),
        Loop(a="chw", b="chillers", cold=(item("", "T_chw"),), flow="m_chw"),
        Loop(a="chillers", b="economiser", flow="split"),
        Loop(a="chillers", b="towers", flow="Q_chiller"),
    ),
)  # fmt: skip

CHILLER_PLANT = Diagram(
    blocks=(
        Block(key="hall", title="Hall", symbol="rack", at=(0, 0), items=(item("IT power", "P_it"), item("return", "T_return"))),
        Block(key="chw", title="Chilled water", symbol="pump", at=(1, 0), items=(
            item("flow", "V_chw"), item("speed", "y_chw"), item("boost", "boost"), item("power", "P_chw_pumps"),
        )),
        Block(key="chiller", title="Chiller", symbol="chiller", at=(2, 0), items=(
            item("running", "n_chillers"), item("cooling", "Q_chiller"), item("power", "P_chillers"), item("asked for", "T_chw_set.fbk"),
        )),
        Block(key="tower", title="Cooling tower", symbol="tower", at=(3, 0), items=(
            item("wet bulb", "T_wb"), item("fan speed", "y_fan"), item("fan", "P_tower_fans"), item("pump", "P_cw_pumps"),
            item("evaporation", "evaporation"),
        )),
    ),
    loops=(
        Loop(a="hall", b="chw", cold=(item("", "T_chw"),), warm=(item("", "T_return"),), flow="V_chw"),
        Loop(a="chw", b="chiller", cold=(item("", "T_chw"),), warm=(item("", "T_return"), item("", "V_chw")), flow="V_chw"),
        Loop(a="chiller", b="tower", cold=(item("", "T_cw"),), warm=(item("", "T_cw_return"), item("", "V_cw")), flow="V_cw"),
    ),
)  # fmt: skip

AIR_HALL = Diagram(
    blocks=(
        Block(key="servers", title="Servers", symbol="rack", at=(0, 0), items=(
            item("electronics", "P_it"), item("inlet, hottest", "T_inlet"), item("inlet, coldest", "T_inlet", "min"),
            item("dew point", "T_dew_hall"), item("server fans", "P_server_fans"), item("aisle pressure", "dp_aisle"),
        )),
        Block(key="fans", title="Supply fans", symbol="fan", at=(1, 0), items=(
            item("speed", "y_fan"), item("air", "m_air"), item("power", "P_fans"),
        )),
        Block(key="dx", title="DX units", symbol="chiller", at=(2, 0), items=(
            item("running", "n_dx"), item("capacity", "y_dx"), item("cooling", "Q_evaporator"), item("power", "P_dx"),
        )),
        Block(key="evaporative", title="Wet coolers", symbol="cooler", at=(3, 0), items=(
            item("indirect, fans", "y_iec"), item("indirect, wet", "v_spray"), item("pads, wet", "v_pad"), item("indirect", "P_indirect"),
            item("pad pumps", "P_pads"), item("evaporation", "evaporation"),
        )),
        Block(key="mixing", title="Outdoor air", symbol="air", at=(3, 1), items=(
            item("dry bulb", "T_db"), item("wet bulb", "T_wb"), item("outdoor share", "y_damper"),
        )),
    ),
    loops=(
        Loop(a="servers", b="fans", cold=(item("", "T_supply"),), warm=(item("", "T_hot"), item("", "T_return")), flow="m_air"),
        Loop(a="fans", b="dx", cold=(item("", "T_supply"),), warm=(item("", "T_return"),), flow="m_air"),
        Loop(a="dx", b="evaporative", cold=(item("", "T_evaporative"),), warm=(item("", "T_return"),), flow="m_air"),
        Loop(a="evaporative", b="mixing", flow="y_damper"),
    ),
)  # fmt: skip

HYBRID_HALL = Diagram(
    blocks=(
        Block(key="racks", title="Racks on CDUs", symbol="rack", at=(0, 0), tiles="T_chip", tile_words="CDU", items=(
            item("IT power", "P_it"), item("hottest chip", "T_chip"), item("rack return", "T_return_hot"), item("supply", "T_supply"),
            item("CDU pumps", "P_cdu_pumps"),
        )),
        Block(key="warm_pumps", title="Warm water", symbol="pump", at=(1, 0), items=(
            item("speed", "y_warm"), item("flow", "m_warm"), item("power", "P_warm_pumps"),
        )),
        Block(key="warm", title="Warm dry coolers", symbol="cooler", at=(2, 0), items=(
            item("dry bulb", "T_db"), item("fan speed", "y_warm_fan"), item("pads, wet", "wet_warm"), item("through them", "v_warm"),
            item("fans", "P_warm_fans"),
        )),
        Block(key="air", title="Hall air", symbol="fan", at=(0, 1), items=(
            item("server inlet", "T_inlet"), item("supply air", "T_air"), item("hot aisle", "T_hot"), item("heat to air", "q_air"),
            item("dew point", "T_dew_hall"), item("CRAH speed", "y_crah"), item("CRAH fans", "P_crah_fans"),
        )),
        Block(key="chillers", title="Chilled water", symbol="chiller", at=(1, 1), items=(
            item("to chillers", "T_plant"), item("running", "n_chillers"), item("cooling", "Q_chiller"), item("power", "P_chillers"),
            item("pump speed", "y_chw"), item("chw pumps", "P_chw_pumps"),
        )),
        Block(key="cold", title="Cold dry coolers", symbol="cooler", at=(2, 1), items=(
            item("wet bulb", "T_wb"), item("fan speed", "y_cold_fan"), item("pads, wet", "wet_cold"), item("through them", "v_cold"),
            item("pumps", "P_cold_pumps"), item("fans", "P_cold_fans"), item("evaporation", "evaporation"),
        )),
    ),
    loops=(
        Loop(a="racks", b="warm_pumps", cold=(item("", "T_warm"),), warm=(item("", "T_warm_return"),), flow="m_warm"),
        Loop(a="warm_pumps", b="warm", cold=(item("", "T_warm"),), warm=(item("", "T_warm_return"), item("", "m_warm")), flow="m_warm"),
        Loop(a="air", b="chillers", cold=(item("", "T_chw"),), warm=(item("", "T_chw_return"), item("", "m_chw")), flow="m_chw"),
        Loop(a="chillers", b="cold", cold=(item("", "T_cold"),), warm=(item("", "T_cold_return"), item("", "m_cold")), flow="m_cold"),
    ),
)  # fmt: skip

DIAGRAMS = {"liquid_hall": LIQUID_HALL, "chiller_plant": CHILLER_PLANT, "air_hall": AIR_HALL, "hybrid_hall": HYBRID_HALL}
"""By kind of plant."""


def is_drawn(plant: Plant) -> bool:
    """Whether the structure of a plant is known. That of an FMU is not: it has the signals of a site, inside it may be anything."""
    return plant.site.kind in DIAGRAMS and not isinstance(plant, FmuPlant)


def diagram_of(plant: Plant, shown: Shown) -> Diagram:
    """The drawing of a plant, or tables of its signals where there is none."""
    return fitted(DIAGRAMS[plant.site.kind], shown) if is_drawn(plant) else tables_of(plant, shown)
