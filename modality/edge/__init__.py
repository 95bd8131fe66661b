"""The edge box: legacy devices in, DICOM and FHIR out, nothing lost."""
