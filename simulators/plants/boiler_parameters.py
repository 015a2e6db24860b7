"""What a boiler house is made of, as its table in the port's files says."""

from __future__ import annotations

from simulators.plants.boiler_laws import Solids
from simulators.plants.parameters import Parameters
from simulators.plants.traps import TrapRates


class BoilerParameters(Parameters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One boiler house; defaults are the cannery's. [J] marks judgement."""

    production: str  # area/asset whose production and shift it serves
    network: str = ""  # area/asset of the steam network's points; those of the boiler where empty
    # --- the boiler ------------------------------------------------------------------------------------------------
    pressure_bar: float = 8.0  # held in the boiler [bar, gauge]
    rated_kw: float = 2_200.0  # heat to the boiler water at full fire, 3 t/h [kW] [J]
    turn_down: float = 0.2  # lowest fire without switching off, share of full [1] [J]
    casing_kw: float = 18.0  # lost through the casing at pressure [kW]
    standby_kw: float = 6.0  # gas to keep the boiler warm between shifts [kW, lower heating value]
    heat_kwh_per_k: float = 6.1  # stored in 4.8 t of water and 4 t of steel [kWh/K] [J]
    heat_up_k_per_h: float = 70.0  # as fast as the maker allows [K/h] [J]
    start_up_h: float = 1.0  # before the shift [h]
    room_c: float = 25.0  # boiler house [°C] [J]
    oxygen_percent: float = 5.0  # in the flue gas as found [%]
    tuned_oxygen_percent: float = 3.0  # after tuning the burner [%]
    # --- the uses --------------------------------------------------------------------------------------------------
    cooker_kg_per_kg: float = 0.68  # steam for each kg of product [kg/kg] [J]
    retort_kg_per_kg: float = 0.55  # [kg/kg] [J]
    retorts: int = 3  # that take turns [1]; each draws four times as much while it comes up to temperature [J]
    retort_cycle_h: float = 1.25  # from one filling to the next [h] [J]
    cleaning_kg_per_h: float = 250.0  # blown into cleaning water after the shift [kg/h] [J]
    cleaning_h: float = 1.0  # after the shift [h] [J]
    # --- the network -----------------------------------------------------------------------------------------------
    line_kw: float = 14.0  # lost by the lines as found, at 8 bar and 12 °C outside [kW]
    insulated_line_kw: float = 6.0  # after insulating [kW]
    traps: int = 60
    trap_mm: float = 3.5  # orifice [mm]
    trap_discharge: float = 0.5  # of Napier's figure: condensate shares the orifice [1]; -50 % into a closed return
    trap_rates: TrapRates = TrapRates()
    condensate_share: float = 0.35  # of the steam condensed in cookers and retorts, caught as condensate [1]
    improved_condensate_share: float = 0.75
    flash_share: float = 0.12  # of the condensate lost as flash steam before it is back [1]
    condensate_c: float = 85.0  # back at the feed tank [°C]
    # --- the feed --------------------------------------------------------------------------------------------------
    tank_kg: float = 2_500.0  # water in the feed tank [kg] [J]
    tank_c: float = 0.0  # at which steam holds the feed tank [°C]; 0: not heated, the water comes as it mixes
    solids: Solids = Solids(boiler=2.8, make_up=0.10, condensate=0.025)  # [mS/cm] [J]
    contaminations_per_year: float = 4.0  # of the condensate by product; it is dumped for two hours [1/y] [J]
    # --- electricity -----------------------------------------------------------------------------------------------
    fan_kw: float = 9.0  # burner fan at full fire [kW] [J]
    pump_kw: float = 3.0  # feed pump while there is pressure [kW] [J]
    idle_kw: float = 0.4  # controls [kW] [J]

    @property
    def network_asset(self) -> str:
        """The asset that carries the points of condensate, lines, uses and traps."""
        return self.network or self.asset
