"""Instruments of the optician and the eye clinic: NIDEK's serial frames, and the XML files of JOIA."""
