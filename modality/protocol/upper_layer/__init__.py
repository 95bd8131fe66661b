"""The DICOM upper layer as a requestor sees it, without input or output (PS3.8 section 9)."""
