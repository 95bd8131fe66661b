"""A load from a notebook: the same on an archive that is well and on one that is slow, and the percentiles of both."""

from __future__ import annotations

import modality
from modality.load.engine.embedded import load


def main() -> None:
    """The same load on an archive that is well, and on one that takes 200 ms for each answer."""
    p50_ms: dict[str, float] = {}
    for what, faults in (("well", ()), ("slow", ("delay_s=0.2,on=store",))):
        with modality.SimulatedArchive(faults=faults) as archive:
            account = load("steady", archive.address, rate=20, duration_s=2, associations=2, seed=1)
            said = account.to_json()
            p50_ms[what] = said["latency_ms"]["p50"]
            print(f"{what}: {said['sent']} of {said['planned']} sent, p50 {p50_ms[what]:.0f} ms")
            assert said["sent"] == said["planned"] == 40
            assert len(archive.instances()) == 40
    # Two associations take ten a second of the twenty that are planned: each waits for those before it.
    assert p50_ms["slow"] >= 200
    assert p50_ms["well"] < p50_ms["slow"]


if __name__ == "__main__":
    main()
