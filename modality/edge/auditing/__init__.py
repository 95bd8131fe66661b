"""The audit trail: who did what with whose data, as messages of PS3.15 A.5 over syslog."""
