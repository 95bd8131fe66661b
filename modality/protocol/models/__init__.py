"""Data sets as DICOMweb writes them: the DICOM JSON Model and the Native DICOM Model in XML."""
