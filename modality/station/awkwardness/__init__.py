"""Studies as awkward machines make them: personas, whose every habit is legal, and defects, none of which is."""
