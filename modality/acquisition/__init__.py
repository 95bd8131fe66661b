"""From a phantom to frames: geometry, CT, MR, noise, and the truth as data."""
