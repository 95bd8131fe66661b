"""PS3.3's modules, one a file: each a function that sets its attributes on a data set."""
