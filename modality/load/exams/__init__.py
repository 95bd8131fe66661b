"""What a load is made of: the plan of its studies, and instances stamped for each."""
