"""Whose a capture is: said by the configuration, a worklist, a scan, the device, or else by a person."""
