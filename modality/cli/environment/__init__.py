"""What the command line finds around it: versions, ports, codecs, rights, the clock."""
