"""A day in the department, on embedded peers."""
