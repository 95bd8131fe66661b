"""What is made of a file or a message is clean to dciodvfy, of the classes that it knows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.edge.describing.bench import Bench
from tests.edge.readers import test_gdt, test_hl7_results, test_scp
from tests.edge.readers.recordings import Edf, aecg, edf, gdt

_FILES = {
    "scp": test_scp.GOOD,
    "aecg": aecg({"I": [1, 2, 3], "AVR": [4, 5, 6]}),
    "edf": edf(
        [Edf("ECG II", [[*range(500)]] * 2, unit="mV", physical=("-5", "5"))], [b"+0\x14\x14\0", b"+1\x14\x14\0"]
    ),
    "gdt": gdt(*test_gdt.FIELDS),
    "hl7-oru": test_hl7_results.message(*test_hl7_results.LINES),
}


@pytest.mark.peer
@pytest.mark.parametrize("kind", _FILES)
def test_an_object_is_clean(kind: str, tmp_path: Path, dciodvfy: Callable[[Path], list[str]]) -> None:
    made = Bench(tmp_path, "folder", kind=kind, report=True)
    try:
        item = made.capture(_FILES[kind], kind)
        (one,) = made.objects(item)
        one.save_as(tmp_path / "one.dcm")
        assert dciodvfy(tmp_path / "one.dcm") == []
    finally:
        made.outbox.close()
