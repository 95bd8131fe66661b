"""Multi-frame modules and the functional group macros that enhanced IODs share (PS3.3 C.7.6.14, C.7.6.16, C.7.6.17)."""
