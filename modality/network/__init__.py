"""What talks to peers: addresses, associations, and a client for each service."""

import logging

# pynetdicom logs what we raise; without a handler of its own, logging would print it to stderr as well.
logging.getLogger("pynetdicom").addHandler(logging.NullHandler())
