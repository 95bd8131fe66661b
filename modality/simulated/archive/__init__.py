"""The simulated archive: C-STORE, C-FIND, C-GET, C-MOVE and storage commitment over Part 10 files and an index."""

from modality.simulated.archive.archive import SimulatedArchive

__all__ = ["SimulatedArchive"]
