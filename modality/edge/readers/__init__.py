"""Files and messages that other systems make: HL7 v2 results, EDF+, GDT, HL7 aECG, SCP-ECG; each becomes `Content`."""
