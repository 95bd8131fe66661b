"""The HL7 v2 side of the simulated RIS: orders, patients and results over MLLP."""
