"""Laboratory analyzers: ASTM E1381 frames (now CLSI LIS01-A2), and the E1394 records (LIS02-A2) within them."""
