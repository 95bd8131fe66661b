"""Kinds that say something about a scan: structured reports, dose, key images, a PDF, a captured screen."""
