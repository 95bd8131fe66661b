"""PS3.3's attribute macros: what several modules include."""
