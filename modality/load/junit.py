"""A load as a JUnit file, for the gates of a CI: each objective of the scenario is a test case.

The file has the form that JUnit's Ant task writes, as Jenkins and GitLab read it.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from modality.errors import UsageError
from modality.load.account import Account
from modality.load.scenario import Judgement
from modality.transfer.files import write_whole


class Suite(NamedTuple):
    """One load.

    Args:
        name: of the scenario, and whom it hit.
        account: of the load.
        judgements: its objectives.
    """

    name: str
    account: Account
    judgements: Sequence[Judgement]


def document(suites: Sequence[Suite]) -> bytes:
    """The file as bytes."""
    root = ET.Element("testsuites", name="modality load")
    for suite in suites:
        _suite(root, suite)
    for key in ("tests", "failures", "errors", "skipped"):
        root.set(key, str(sum(int(one.get(key, "0")) for one in root)))
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def write(path: Path, suites: Sequence[Suite]) -> None:
    """Write the file, whole or not at all.

    Raises:
        UsageError: it cannot be written.
    """
    write_whole(path, [document(suites)])


def _suite(root: ET.Element, suite: Suite) -> None:
    account = suite.account
    element = ET.SubElement(root, "testsuite", name=suite.name, time=f"{account.elapsed_s:.3f}", errors="0")
    properties = ET.SubElement(element, "properties")
    for name, value in _figures(account):
        ET.SubElement(properties, "property", name=name, value=value)
    for one in suite.judgements:
        _objective(_case(element, suite, _name(one)), one, account)
    for name, step in account.steps.items():
        if step.left_out:
            continue
        case = _case(element, suite, f"step {name}")
        if step.failed:
            errors = ", ".join(f"{count} x {error}" for error, count in step.failed.items())
            _failed(case, f"{sum(step.failed.values())} of {step.planned} failed: {errors}")
    if account.configuration.get("interrupted"):
        _failed(_case(element, suite, "the whole plan was run"), "interrupted")
    limits = account.limits()
    engine = _case(element, suite, "the engine kept to its plan")
    if limits["bottleneck"]:  # it says nothing of the archive: neither passed nor failed
        ET.SubElement(engine, "skipped", message=str(limits["why"]))
    cases = element.findall("testcase")
    element.set("tests", str(len(cases)))
    for kind, key in (("failure", "failures"), ("skipped", "skipped")):
        element.set(key, str(sum(one.find(kind) is not None for one in cases)))


def _case(suite: ET.Element, of: Suite, name: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname=of.name, name=name, time=f"{of.account.elapsed_s:.3f}")


def _name(one: Judgement) -> str:
    return f"{one.name} {'>=' if one.at_least else '<='} {one.limit:g}"


def _objective(case: ET.Element, one: Judgement, account: Account) -> None:
    truth = account.verification
    if one.name == "lost" and truth is None:
        ET.SubElement(case, "skipped", message="not verified: nobody asked the archive what it holds (--verify)")
    elif one.name == "lost" and one.held and truth and truth["unknown"]:
        _failed(case, f"not known: the archive gave no proper answer about {truth['unknown']} acknowledged instances")
    elif one.found is None:
        _failed(case, "nothing was measured: no request was answered")
    elif not one.held:
        _failed(case, f"found {one.found:g}, expected {'at least' if one.at_least else 'at most'} {one.limit:g}")


def _failed(case: ET.Element, message: str) -> None:
    ET.SubElement(case, "failure", message=message, type="objective")


def _figures(account: Account) -> list[tuple[str, str]]:
    found = account.to_json()
    names = ("run_id", "seed", "planned", "sent", "failed", "skipped", "lost", "rate_per_s", "bytes_per_s")
    figures = [(name, str(found[name])) for name in names]
    return figures + [(f"latency_ms {name}", str(value)) for name, value in found["latency_ms"].items()]


def check_writable(path: Path) -> None:
    """Say before a load, and not after it, that a file cannot be written.

    Raises:
        UsageError: its folder does not exist, or it is a folder itself.
    """
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: no file can be written there: is the folder there?")
