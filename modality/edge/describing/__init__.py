"""What is made of a capture: data sets and Observations."""
