"""`modality edge`: legacy devices in, DICOM and FHIR out; one command a file."""
