"""The open loop: requests go out when the plan says, whatever the archive does."""
