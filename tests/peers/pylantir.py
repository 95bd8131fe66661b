"""pylantir, a worklist and MPPS SCP that others wrote, unmodified; in an environment of its own: build/pylantir.

`make peers` makes it; or MODALITY_PYLANTIR names another program.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.peers.process import HOST, free_port, is_open, program, running

PROGRAM = os.environ.get(
    "MODALITY_PYLANTIR", str(Path(__file__).parents[2] / "build" / "pylantir" / "bin" / "pylantir")
)
AET = "PYLANTIR"


@dataclass(frozen=True)
class Pylantir:
    """A running pylantir."""

    port: int
    database: Path
    log: Path

    @property
    def address(self) -> str:
        """Its address over DIMSE."""
        return f"dicom://{AET}@{HOST}:{self.port}"

    def schedule(self, rows: Sequence[Mapping[str, str]]) -> None:
        """Put rows into its table of worklist items, by the names of its columns."""
        with contextlib.closing(sqlite3.connect(self.database, timeout=30)) as database, database:
            for row in rows:
                columns, places = ", ".join(row), ", ".join("?" * len(row))
                database.execute(f"INSERT INTO worklist_items ({columns}) VALUES ({places})", list(row.values()))

    def states(self) -> dict[str, str]:
        """The state that it keeps of each patient's step, by Patient ID."""
        with contextlib.closing(sqlite3.connect(self.database, timeout=30)) as database:
            return dict(
                database.execute("SELECT patient_id, performed_procedure_step_status FROM worklist_items").fetchall()
            )


@contextlib.contextmanager
def pylantir(folder: Path) -> Iterator[Pylantir]:
    """Runs pylantir on a database of its own, without a source that it would ask for items."""
    peer = Pylantir(free_port(), folder / "worklist.db", folder / "pylantir.log")
    configuration = folder / "pylantir.json"
    settings = {"db_path": str(peer.database), "db_echo": "False", "allowed_aet": [], "data_sources": []}
    configuration.write_text(json.dumps(settings), encoding="utf-8")
    line: list[str | Path] = [
        program(PROGRAM), "start", "--AEtitle", AET, "--ip", HOST, "--port", str(peer.port),
        "--pylantir_config", configuration,
    ]  # fmt: skip
    # Its modules read the path before the configuration is there.
    environment = {"DB_PATH": str(peer.database)}
    with running(line, log=peer.log, ready=lambda: is_open(peer.port), environment=environment):
        yield peer
