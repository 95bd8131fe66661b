"""The acquisition modality: studies made from phantoms, and the station that performs scheduled steps."""
