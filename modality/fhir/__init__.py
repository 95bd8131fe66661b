"""FHIR R4 resources as plain data, with the code systems and units they may use."""
