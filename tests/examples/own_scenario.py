"""A scenario of one's own: two waves of small CT studies, at moments of one's own.

The same stands in a TOML file for the command line (configs/load_*.toml). A law of arrivals by name is one function:
see the plugin beside this file.
"""

from __future__ import annotations

import modality
from modality.load.engine.embedded import load
from modality.load.scenario import Exam, Objectives, Scenario

# Four studies at once, a pause, four more; in seconds.
WAVES = (0.0, 0.05, 0.1, 0.15, 1.0, 1.05, 1.1, 1.15)


def main() -> None:
    """Run it on an archive of our own, and see the waves second by second."""
    scenario = Scenario(
        title="two waves of small CT",
        exam=(Exam(name="CT", kind="ct", phantom="water", instances=2, rows=64, columns=64),),
        arrivals="trace",
        shape={"at_s": WAVES},
        objectives=Objectives(failed=0.0),
    )
    with modality.SimulatedArchive() as archive:
        account = load(scenario, archive.address, rate=8, duration_s=2.0, seed=3)
        said = account.to_json()
        print(f"{said['sent']} instances of {len(archive.studies)} studies")
        assert said["sent"] == said["planned"] == 16
        assert len(archive.studies) == 8
        assert all(one.held for one in scenario.objectives.judge(account) if one.name == "failed")


if __name__ == "__main__":
    main()
