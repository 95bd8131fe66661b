"""Radiography: cone beams through phantoms, scatter, blur, noise, and what a detector and its processing make of it."""
