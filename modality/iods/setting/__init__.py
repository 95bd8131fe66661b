"""What an attribute that the caller sets is checked against, besides PS3.6: types of the IOD, private dictionaries."""
