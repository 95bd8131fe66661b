"""The simulated RIS: a modality worklist, and performed steps with the strict state machine."""

from modality.simulated.ris.ris import SimulatedRis

__all__ = ["SimulatedRis"]
