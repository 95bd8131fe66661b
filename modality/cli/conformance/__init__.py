"""The DICOM conformance statement, written from the tables that the program itself works by."""
