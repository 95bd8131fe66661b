"""Pictures of what radiotherapy plans on a scan."""
