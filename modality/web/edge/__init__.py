"""The box's page: devices with their traces, the worklist, the queue in words, and what a person has to decide."""
