"""Arrival laws: when so many requests or studies come within a run. Each is a file, and a line in the table `ARRIVALS`.

A law is a function `moments(count, duration_s, random, **options)` that gives `count` moments in [0, duration), in
ascending order: how many come is the rate's affair, when they come is the law's.
"""
