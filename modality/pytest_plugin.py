"""Fixtures for pytest: studies, and an archive, a RIS, a FHIR server and an edge box to try software against.

Nothing is imported before a fixture is asked for. A peer keeps its address through the session, as far as its port
stays free, and is a new one in each test: no test sees what another one stored. With pytest-xdist each worker has its
own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import pytest

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from modality.edge.embedded import EdgeBox
    from modality.simulated.archive import SimulatedArchive
    from modality.simulated.faults import Fault
    from modality.simulated.fhir import SimulatedFhir
    from modality.simulated.ris import SimulatedRis
    from modality.station.study import Study
    from modality.web.department.department import Department

# Small and quick to make: ten slices in some 50 ms. Anything else is an option of `dicom_study`.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "ct": {"phantom": "shepp-logan", "slices": 10, "rows": 64, "columns": 64},
    "mr": {"phantom": "spheres", "slices": 10, "rows": 64, "columns": 64},
    "enhanced-ct": {"phantom": "shepp-logan", "slices": 10, "rows": 64, "columns": 64},
    "enhanced-mr": {"phantom": "spheres", "slices": 10, "rows": 64, "columns": 64},
    "sm": {"rows": 512, "columns": 512, "levels": 2},
    "nm": {"phantom": "nema-pet", "rows": 64, "columns": 64},
    "pt": {"slices": 10, "rows": 64, "columns": 64},
    "cr": {"phantom": "spheres", "rows": 96, "columns": 96},
    "dx": {"phantom": "spheres", "rows": 96, "columns": 96},
    "mg": {"rows": 192, "columns": 144},
    "xa": {"phantom": "spheres", "rows": 64, "columns": 64, "frames": 3, "mask_frames": 1},
    "rf": {"phantom": "spheres", "rows": 64, "columns": 64, "frames": 3},
    "us": {"phantom": "spheres", "rows": 96, "columns": 96, "frames": 3},
    "ecg": {"seconds": 4.0},
    "op": {"rows": 256, "columns": 256},
    **{
        report: {"phantom": "spheres", "slices": 6, "rows": 64, "columns": 64}
        for report in ("kos", "pdf", "rdsr", "rtplan", "rtstruct", "sc", "sr")
    },
    "rtdose": {"phantom": "spheres", "slices": 6, "rows": 64, "columns": 64, "grid_mm": 8.0},
}
_MARKERS = {
    "archive_fault": "what goes wrong in simulated_archive: archive_fault(status=0xA700, every=10), or its text",
    "edge_box": "how edge_box is made: edge_box(kind='photo', patient_id='P1', more='[[device]] ...')",
    "ris_fault": "what goes wrong in simulated_ris: ris_fault(status=0x0110, on='create'), or its text",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """One option: what studies are drawn from."""
    group = parser.getgroup("modality", "DICOM studies and peers (modality)")
    group.addoption(
        "--modality-seed",
        type=int,
        default=1,
        metavar="N",
        help="What the study fixtures are drawn from: identity, dates, noise (default: 1).",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Two markers."""
    for name, what in _MARKERS.items():
        config.addinivalue_line("markers", f"{name}(...): {what}")


@pytest.fixture(scope="session")
def modality_seed(request: pytest.FixtureRequest) -> int:
    """The seed that the study fixtures are drawn from: ``--modality-seed``."""
    return int(request.config.getoption("--modality-seed"))


@pytest.fixture
def dicom_study(modality_seed: int) -> Callable[..., Study]:
    """Makes studies of any kind: ``dicom_study("ct", phantom="head", slices=3)``.

    Options are those of `modality.generate`; `phantom` may be a name too. Each call of a test draws another study, and
    the same ones in each run.
    """
    made = 0

    def make(kind: str = "ct", *, phantom: Any = None, seed: int | None = None, **options: Any) -> Study:
        from modality.station.study import generate, load_phantom

        nonlocal made
        made += 1
        defaults = dict(_DEFAULTS.get(kind, {}))
        usual = defaults.pop("phantom", None)
        named = usual if phantom is None else phantom
        seed = modality_seed * 1000 + made if seed is None else seed
        scanned = load_phantom(named) if isinstance(named, str) else named
        return generate(kind, scanned, seed=seed, **(defaults | options))

    return make


@pytest.fixture
def ct_study(dicom_study: Callable[..., Study]) -> Study:
    """A CT study of ten small slices."""
    return dicom_study("ct")


@pytest.fixture
def mr_study(dicom_study: Callable[..., Study]) -> Study:
    """An MR study of ten small slices."""
    return dicom_study("mr")


@pytest.fixture
def slide_study(dicom_study: Callable[..., Study]) -> Study:
    """A small whole-slide study: two levels, label, overview."""
    return dicom_study("sm")


@pytest.fixture(scope="session")
def _modality_ports() -> dict[str, int]:
    """The ports that the peers of this session had, to have them again."""
    return {}


class _Peer(Protocol):
    @property
    def port(self) -> int: ...

    def start(self) -> None: ...


P = TypeVar("P", bound=_Peer)


def _on_its_port(ports: dict[str, int], name: str, make: Callable[..., P]) -> P:
    """A started peer, on the port that the one before had."""
    peer = make(port=ports.get(name, 0))
    try:
        peer.start()
    except OSError:
        if name not in ports:
            raise
        peer = make(port=0)  # somebody else has taken it meanwhile
        peer.start()
    ports[name] = peer.port
    return peer


def _faults(request: pytest.FixtureRequest, marker: str) -> list[Fault | str]:
    from modality.registry import unknown
    from modality.simulated.faults import Fault

    known = [field.name for field in fields(Fault)]
    found: list[Fault | str] = []
    for mark in reversed(list(request.node.iter_markers(marker))):
        found += mark.args
        for key in mark.kwargs:
            if key not in known:
                raise pytest.UsageError(f"{marker}: {unknown('key', key, known)}")
        if mark.kwargs:
            found.append(Fault(**{key: _as_fault_has_it(value) for key, value in mark.kwargs.items()}))
    return found


def _as_fault_has_it(value: Any) -> Any:
    """A value as people write it in a marker: one service as text, coerced attributes as a dictionary."""
    if isinstance(value, str):
        return (value,)
    return tuple(value.items()) if isinstance(value, dict) else value


@pytest.fixture
def simulated_archive(request: pytest.FixtureRequest, _modality_ports: dict[str, int]) -> Iterator[SimulatedArchive]:
    """An empty archive on a loopback port: `address`, `studies`, `store(study)`, `assert_stored(study)`, `events`.

    ``@pytest.mark.archive_fault(...)`` says what goes wrong in it.
    """
    from modality.simulated.archive import SimulatedArchive

    faults = _faults(request, "archive_fault")
    archive = _on_its_port(_modality_ports, "archive", functools.partial(SimulatedArchive, faults=faults))
    yield archive
    archive.stop()


@pytest.fixture
def fresh_archive() -> Iterator[Callable[..., SimulatedArchive]]:
    """Starts further archives, each on a port of its own: ``fresh_archive(aet="OTHER", commitment="never")``."""
    from modality.simulated.archive import SimulatedArchive

    yield from _starting(SimulatedArchive)


@pytest.fixture
def simulated_ris(request: pytest.FixtureRequest, _modality_ports: dict[str, int]) -> Iterator[SimulatedRis]:
    """A RIS on a loopback port, with the worklist of a small department; `worklist` changes what is scheduled.

    ``@pytest.mark.ris_fault(...)`` says what goes wrong in it.
    """
    from modality.simulated.ris import SimulatedRis

    faults = _faults(request, "ris_fault")
    ris = _on_its_port(_modality_ports, "ris", functools.partial(SimulatedRis, faults=faults))
    yield ris
    ris.stop()


@pytest.fixture
def fresh_ris() -> Iterator[Callable[..., SimulatedRis]]:
    """Starts further RISes, each on a port of its own: ``fresh_ris(worklist=Path("steps.toml"))``."""
    from modality.simulated.ris import SimulatedRis

    yield from _starting(SimulatedRis)


@pytest.fixture
def simulated_fhir(_modality_ports: dict[str, int]) -> Iterator[SimulatedFhir]:
    """An empty FHIR R4 server on a loopback port: `address`, `resources(kind)`; wants the extra "fhir"."""
    from modality.simulated.fhir import SimulatedFhir

    fhir = _on_its_port(_modality_ports, "fhir", SimulatedFhir)
    yield fhir
    fhir.stop()


@pytest.fixture
def simulated_department() -> Iterator[Department]:
    """An archive with DICOMweb, a RIS and a FHIR server: `archive`, `ris`, `fhir`, `web_address`; no page.

    Wants the extras "web" and "fhir".
    """
    from modality.web.department.department import Department

    department = Department(page=False)
    department.start()
    yield department
    department.stop()


@pytest.fixture
def edge_box(request: pytest.FixtureRequest, simulated_archive: SimulatedArchive) -> Iterator[EdgeBox]:
    """A running edge box that delivers PDFs dropped into its inbox to `simulated_archive`.

    ``edge_box.drop("report.pdf", data)``, ``edge_box.delivered()``, `items`. ``@pytest.mark.edge_box(kind="photo")``
    has it take other files; its `more` adds tables to the configuration.
    """
    from modality.edge.embedded import EdgeBox

    options: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers("edge_box"))):
        options |= mark.kwargs
    with EdgeBox(simulated_archive.address, **options) as box:
        yield box


class Worklist:
    """What `simulated_ris` has scheduled.

    Args:
        ris: whose it is.
    """

    def __init__(self, ris: SimulatedRis) -> None:
        self._ris = ris
        self._made = 0

    def add(self, **keys: Any) -> Dataset:
        """Schedule a step; keys are those of a ``[[step]]`` in a worklist file, each with a default.

        Raises:
            ConfigurationError: a key is unknown, or a value fits no attribute.
        """
        from modality.errors import ConfigurationError
        from modality.registry import unknown
        from modality.simulated.ris.steps import WorklistStep
        from modality.simulated.ris.worklist_file import StepEntry, item

        self._made += 1
        defaults = {
            "station_aet": "CT01",
            "modality": "CT",
            "start": "today 08:00",
            "patient_name": f"Test^Patient {self._made}",
            "patient_id": f"TEST{self._made}",
            "accession_number": f"TESTACC{self._made}",
        }
        known = list(StepEntry.__dataclass_fields__)
        for key in keys:
            if key not in known:
                raise ConfigurationError(f"worklist.add: {unknown('key', key, known)}")
        made = item(StepEntry(**(defaults | keys)), 1000 + self._made, 1, date.today())  # noqa: DTZ011 - a RIS's own day
        self._ris.reschedule(lambda steps: [*steps, WorklistStep(made)])
        return made

    def clear(self) -> None:
        """Schedule nothing."""
        self._ris.reschedule(lambda _: [])

    def __iter__(self) -> Iterator[Dataset]:
        return iter([step.item for step in self._ris.steps])

    def __len__(self) -> int:
        return len(self._ris.steps)


@pytest.fixture
def worklist(simulated_ris: SimulatedRis) -> Worklist:
    """What `simulated_ris` has scheduled: ``worklist.add(patient_name="Doe^Jane")``, ``worklist.clear()``."""
    return Worklist(simulated_ris)


def _starting(make: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """A function that makes and starts peers, which are stopped when the test is over."""
    running: list[Any] = []

    @functools.wraps(make)
    def start(*args: Any, **options: Any) -> Any:
        peer = make(*args, **options)
        peer.start()
        running.append(peer)
        return peer

    yield start
    for peer in running:
        peer.stop()
