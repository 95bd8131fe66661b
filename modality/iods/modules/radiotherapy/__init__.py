"""Modules of radiotherapy (PS3.3 C.8.8): structure set, plan, dose."""
