"""What a scan shows, and where: what reports are about."""
