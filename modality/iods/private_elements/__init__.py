"""Private elements read back: named and decoded by private dictionaries (PS3.5 7.8)."""
