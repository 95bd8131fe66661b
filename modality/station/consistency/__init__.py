"""Whether a worklist item, images, a performed step and a commitment tell one story (IHE RAD TF-2x appendix A)."""
