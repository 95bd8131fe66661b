"""The electrical activity of a heart: rhythms, the waves of a beat, and what the leads of an ECG see of them."""

from modality.acquisition.cardiac.ecg import Ecg, ecg

__all__ = ["Ecg", "ecg"]
