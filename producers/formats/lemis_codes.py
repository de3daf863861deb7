"""Maps LEMIS codes to the codes of the exchange. From the code list of EcoHealth Alliance (MIT, 2018); deploy/demo-data/NOTICE.

A code that is not on that list is not mapped, even when CITES has it: nothing records what LEMIS meant by it.
"""

from __future__ import annotations

from typing import NamedTuple

from mekong.schemas.codes import code_list


class Port(NamedTuple):
    """Where a port of entry is."""

    country: str
    state: str | None


_TERMS = """
BAL BAR BOC BOD BON BOP BUL CAL CAP CAR CAV CHP CLA CLO COR CPR CUL CUT DEA DER DPL EAR EGG EGL ESH EXT FEA FIB FIG FIN FLO FOO
FPT FRU GAB GAL GAR GEN GRS HAI HAP HOC HOP HOR IJW IVC IVP JWL KEY LEG LIV LOG LPL LPS LVS MEA MED MUS NES OIL PIV PLA PLY POW
ROC ROO RUG SAW SCA SDL SEE SHE SHO SID SKE SKI SKP SKU SOU SPE SPR STE SWI TAI TEE TIM TRI TRO TUS UNS VEN WAX WNG WPR
"""
TERMS = {code: code for code in _TERMS.split()}
"""``description``: the term codes of CITES, under the same letters."""

PURPOSES = {code: code for code in "BEGHLMPQSTZ"} | {"Y": "N"}
"""LEMIS writes Y for reintroduction; CITES N."""

SOURCES = {code: code for code in "ACDFIRUW"} | {"P": "O"}
"""LEMIS writes P for pre-Convention; CITES O."""

UNITS = {
    "C2": "cm2",
    "C3": "cm3",
    "CM": "cm",
    "GM": "g",
    "KG": "kg",
    "LT": "l",
    "M2": "m2",
    "M3": "m3",
    "MG": "mg",
    "ML": "ml",
    "MT": "m",
    "NO": "piece",
}

DIRECTIONS = {"I": "import", "E": "export"}

_STATES = {
    "Alaska": "AL AN FB JU",
    "Arizona": "DG LK NG PX SL",
    "California": "CX LA SF SY",
    "Colorado": "DN",
    "Florida": "MI TP",
    "Georgia": "AT",
    "Hawaii": "HA",
    "Illinois": "CH",
    "Kentucky": "LO",
    "Louisiana": "NO",
    "Maine": "CA EA HO JK",
    "Maryland": "BA",
    "Massachusetts": "BO",
    "Michigan": "DE PH SS",
    "Minnesota": "GP IF MP",
    "Montana": "RY SW",
    "Nevada": "LV",
    "New Jersey": "NW",
    "New York": "BN CP NY",
    "North Dakota": "DS PB PL",
    "Ohio": "CL",
    "Oregon": "PT",
    "Pennsylvania": "PA",
    "Tennessee": "ME",
    "Texas": "BV DF DR EL HN LR MC",
    "Vermont": "DL HS",
    "Virginia": "DU NF",
    "Washington": "BL SE SU",
}
_TERRITORIES = {"AG": "GU", "SJ": "PR", "SP": "MP"}  # Agana, San Juan, Saipan

PORTS = {code: Port("US", state) for state, ports in _STATES.items() for code in ports.split()}
PORTS |= {code: Port(country, None) for code, country in _TERRITORIES.items()}
PORTS |= {code: Port("US", None) for code in (*"12345678", "XX")}  # regions of the Service; unknown


def group_of(taxa: str, description: str) -> str:
    """The commodity group: animals are fauna; a plant is timber when its term is a kind of timber, and else flora."""
    if taxa != "plant":
        return "fauna"
    term = code_list("terms").get(TERMS.get(description, ""))
    return (term and term.fields["commodity_group"]) or "flora"
