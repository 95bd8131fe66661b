"""How datasets travel: transfer syntaxes, the prepared instance, and the places that take instances."""
