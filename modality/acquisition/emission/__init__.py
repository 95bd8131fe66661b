"""Images of a tracer's activity: positron emission tomography and gamma cameras."""
