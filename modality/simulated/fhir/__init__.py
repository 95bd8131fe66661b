"""A small FHIR R4 server: create, read, update, search, batch and transaction, with validation of what it takes."""

from modality.simulated.fhir.server import SimulatedFhir

__all__ = ["SimulatedFhir"]
