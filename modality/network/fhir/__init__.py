"""A client of FHIR R4 servers."""

from modality.network.fhir.client import FhirClient, Stored
from modality.network.fhir.token import BackendService

__all__ = ["BackendService", "FhirClient", "Stored"]
