"""A load from many machines: Locust's master and workers, with accounts of our own that are merged."""
