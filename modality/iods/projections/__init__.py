"""Images of projection radiography, by IOD: what lies on the rays between a focal spot and a detector."""
