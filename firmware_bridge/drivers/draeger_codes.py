"""Draeger Medibus: what the codes of its data stand for. A device's own manual lists which of them it sends.

The codes are those that the makers of open drivers published of the protocol (Medibus, Medibus.X); what is not listed
is given under its page and code ("medibus-24-C1"), so nothing is lost.
"""

from __future__ import annotations

MEASURED_1 = {
    "05": ("airway_pressure", "mbar"),
    "06": ("compliance", "mL/mbar"),
    "07": ("compliance_dynamic", "L/bar"),
    "08": ("resistance", "mbar.s/L"),
    "09": ("co2_production", "mL/min"),
    "0B": ("patient_resistance", "mbar.s/L"),
    "6B": ("ambient_pressure", "mbar"),
    "71": ("minimum_pressure", "mbar"),
    "72": ("occlusion_pressure", "mbar"),
    "73": ("mean_pressure", "mbar"),
    "74": ("plateau_pressure", "mbar"),
    "78": ("peep", "mbar"),
    "79": ("intrinsic_peep", "mbar"),
    "7A": ("spontaneous_minute_volume", "L/min"),
    "7D": ("peak_pressure", "mbar"),
    "7E": ("mandatory_tidal_volume", "L"),
    "7F": ("spontaneous_tidal_volume", "L"),
    "82": ("tidal_volume", "L"),
    "88": ("tidal_volume", "mL"),
    "B3": ("leakage", "%"),
    "B5": ("spontaneous_respiratory_rate", "/min"),
    "B8": ("minute_volume", "L/min"),
    "B9": ("minute_volume", "L/min"),
    "C1": ("airway_temperature", "Cel"),
    "C9": ("rapid_shallow_breathing_index", "/min/L"),
    "D6": ("respiratory_rate", "/min"),
    "DA": ("inspired_co2", "%"),
    "DB": ("etco2", "%"),
    "E1": ("heart_rate", "/min"),
    "E3": ("etco2", "kPa"),
    "E5": ("inspired_co2", "mm[Hg]"),
    "E6": ("etco2", "mm[Hg]"),
    "EB": ("spo2", "%"),
    "EF": ("expired_o2", "%"),
    "F0": ("fio2", "%"),
    "FF": ("inspired_co2", "kPa"),
}
"""Codepage 1 of measured data: code to name and UCUM unit."""

MEASURED_2 = {
    "21": ("expired_tidal_volume", "mL"),
    "22": ("inspired_tidal_volume", "mL"),
    "23": ("end_inspiratory_pressure", "mbar"),
}
"""Codepage 2 of measured data."""

SETTINGS = {
    "01": ("set_fio2", "%"),
    "04": ("set_tidal_volume", "L"),
    "05": ("set_inspiratory_time", "s"),
    "09": ("set_respiratory_rate", "/min"),
    "0B": ("set_peep", "mbar"),
    "12": ("set_pressure_support", "mbar"),
    "45": ("set_inspiratory_pressure", "mbar"),
}
"""Device settings."""

REALTIME = {
    "00": ("airway_pressure", "mbar"),
    "01": ("flow", "L/min"),
    "02": ("pleth", ""),
    "03": ("respiratory_volume", "mL"),
    "05": ("o2", "%"),
    "06": ("co2", "mm[Hg]"),
    "07": ("co2_kpa", "kPa"),
    "08": ("co2_percent", "%"),
    "1C": ("tracheal_pressure", "mbar"),
}
"""Realtime data."""

ICC, IDENTIFY, NOP, REFUSED = 0x51, 0x52, 0x30, 0x15
REALTIME_CONFIGURATION, REALTIME_TRANSMISSION, REALTIME_CHANGED = 0x53, 0x54, 0x56
MEASURED_PAGE_1, MEASURED_PAGE_2, DEVICE_SETTINGS, TEXTS, ALARMS_1, ALARMS_2 = 0x24, 0x2B, 0x29, 0x2A, 0x27, 0x2E
CLOCK = 0x28
POLLS = {
    "measured": MEASURED_PAGE_1,
    "measured-2": MEASURED_PAGE_2,
    "settings": DEVICE_SETTINGS,
    "texts": TEXTS,
    "alarms": ALARMS_1,
    "alarms-2": ALARMS_2,
    "clock": CLOCK,
}
"""What can be asked for again and again."""
