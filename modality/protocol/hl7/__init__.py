"""HL7 v2: orders and patients as worklist items, results as they are noted (IHE RAD-1 to RAD-4, RAD-12, RAD-13)."""
