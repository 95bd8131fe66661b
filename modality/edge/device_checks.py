"""What no type says of one [[device]]: keys that are not for it, and values that a port or an object cannot have."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from modality.edge.config import DeviceConfig
from modality.errors import ConfigurationError
from modality.registry import unknown

Wrong = Callable[[str, str], ConfigurationError]
"""Makes an error of a place in the configuration and what is wrong there."""

_AMPLIFIERS = ("cyton",)
_SIGNALS = ("eeg", "ecg")
_CHANNELS = 8
_CODE = re.compile(r"[0-9]{1,7}-[0-9]( +[!-~]+)?")
_MODALITY = re.compile(r"[A-Z0-9_ ]{1,16}")  # PS3.5 6.2: CS
_LONGEST = 64  # PS3.5 6.2: LO; a component group of PN
_BITS, _STOPS = (5, 6, 7, 8), (1, 1.5, 2)


def check_device(place: str, device: DeviceConfig, wrong: Wrong) -> None:
    """Check what stands in one device by itself.

    Args:
        place: of the device in the configuration.
        device: it; its driver is known.
        wrong: makes the error.

    Raises:
        ConfigurationError: something in it is wrong.
    """
    if not device.name.isprintable() or len(device.name) > _LONGEST:
        raise wrong(f"{place}.name", f"at most {_LONGEST} characters, and no line end")
    _not_for_it(place, device, wrong)
    if device.driver in _AMPLIFIERS:
        _channels(place, device, wrong)
    if device.driver != "folder":
        _line(place, device, wrong)
    for key in ("patient_id", "issuer", "manufacturer", "model", "serial_number"):
        check_text(f"{place}.{key}", getattr(device, key), wrong)
    if device.patient_id and not device.patient_id.strip():
        raise wrong(f"{place}.patient_id", "is blank")
    for group in device.patient_name.split("="):
        check_text(f"{place}.patient_name", group, wrong)
    check_modality(f"{place}.modality", device.modality, wrong)
    for name, text in device.loinc.items():
        if not _CODE.fullmatch(text.strip()):
            message = f'{text!r}: a code of LOINC, and behind a blank a unit of UCUM, as in "2345-7 mg/dL"'
            raise wrong(f"{place}.loinc.{name}", message)


def check_text(place: str, text: str, wrong: Wrong) -> None:
    """Check a text that becomes an element of VR LO.

    Raises:
        ConfigurationError: it cannot.
    """
    if len(text) > _LONGEST or not text.isprintable() or "\\" in text:
        raise wrong(place, f"{text[:_LONGEST]!r}: at most {_LONGEST} characters, and no line end or backslash")


def check_modality(place: str, text: str, wrong: Wrong) -> None:
    """Check a Modality; empty is any.

    Raises:
        ConfigurationError: it is none.
    """
    if text and not _MODALITY.fullmatch(text):
        raise wrong(place, f'{text!r}: a modality as DICOM has it, in capitals, as in "US"')


def _not_for_it(place: str, device: DeviceConfig, wrong: Wrong) -> None:
    """Keys that would be passed over in silence."""
    folder = device.driver == "folder"
    if folder and device.port:
        raise wrong(f"{place}.port", "a folder has path, and no port: leave it out")
    if not folder and device.path is not None:
        raise wrong(f"{place}.path", f'is for driver = "folder"; {device.driver!r} has port: leave it out')
    if device.kind and not folder and device.driver not in _AMPLIFIERS:
        raise wrong(f"{place}.kind", f"is for dropped files and amplifiers, not for {device.driver!r}: leave it out")
    if device.channels and device.driver not in _AMPLIFIERS and device.kind != "edf":
        raise wrong(f"{place}.channels", f"is for amplifiers and EDF files, not for {device.driver!r}: leave it out")


def _channels(place: str, device: DeviceConfig, wrong: Wrong) -> None:
    """Kind and channels of an amplifier."""
    if device.kind and device.kind not in _SIGNALS:
        raise wrong(f"{place}.kind", unknown("kind of signal", device.kind, list(_SIGNALS)))
    if not device.channels:
        return
    from modality.iods.waveforms.leads import ECG_LEADS, EEG_LEADS  # loads numpy

    leads: Mapping[str, Any] = ECG_LEADS if device.kind == "ecg" else EEG_LEADS
    for index, name in enumerate(device.channels):
        if name not in leads:
            what = "lead" if device.kind == "ecg" else "electrode"
            nearest = next((lead for lead in leads if lead.lower() == name.lower()), "")
            said = unknown(what, name, [nearest] if nearest else list(leads))
            if nearest:
                said = f"unknown {what} {name!r}: did you mean {nearest!r}?"
            raise wrong(f"{place}.channels[{index}]", said)
    named = [one for one in device.channels if one != "unspecified"]
    if len(device.channels) > _CHANNELS or len(set(named)) < len(named):
        raise wrong(f"{place}.channels", f"{device.driver!r} has {_CHANNELS} channels, each in its own place")


def _line(place: str, device: DeviceConfig, wrong: Wrong) -> None:
    """How a port is called and set."""
    from firmware_bridge.errors import PortError
    from firmware_bridge.host.port import network_address

    try:
        network_address(device.port)
    except PortError as error:
        raise wrong(f"{place}.port", str(error)) from error
    if device.baud is not None and device.baud <= 0:
        raise wrong(f"{place}.baud", f"has to be more than 0, not {device.baud}")
    if device.bits is not None and device.bits not in _BITS:
        raise wrong(f"{place}.bits", f"{device.bits}: 7 or 8, rarely 5 or 6")
    if device.stop is not None and device.stop not in _STOPS:
        raise wrong(f"{place}.stop", f"{device.stop:g}: 1, 1.5 or 2")
