"""The department: archive, RIS and FHIR server in one process, with a page on which people see what they do."""

from modality.web.department.department import Department

__all__ = ["Department"]
