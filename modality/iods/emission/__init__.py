"""Images of a tracer: PET and gamma camera."""
