"""A load from a notebook: the same on an archive that is well and on one that is slow, and the percentiles of both."""

from __future__ import annotations

import modality
from modality.load.engine.embedded import load


def main() -> None:
    """The same load on an archive that is well, and on one that takes 200 ms for each answer."""
    for what, faults in (("well", ()), ("slow", ("delay_s=0.2,on=store",))):
        with modality.SimulatedArchive(faults=faults) as archive:
            account = load("steady", archive.address, rate=20, duration_s=2, associations=2, seed=1)
            said = account.to_json()
            print(f"{what}: {said['sent']} of {said['planned']} sent, p50 {said['latency_ms']['p50']:.0f} ms")
            assert said["sent"] == said["planned"] == 40
            assert len(archive.instances()) == 40
            assert (said["latency_ms"]["p50"] >= 200) == (what == "slow")


if __name__ == "__main__":
    main()
