"""Documents: encapsulated PDF (PS3.3 A.45), structured reports and key object selections (A.35)."""
