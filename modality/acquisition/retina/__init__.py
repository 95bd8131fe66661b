"""The back of an eye: disc, macula, vessels, lesions, and a photograph of it."""

from modality.acquisition.retina.fundus import Fundus, fundus

__all__ = ["Fundus", "fundus"]
