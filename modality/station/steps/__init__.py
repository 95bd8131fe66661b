"""What surrounds a performed step: its reports, its protocol, its study's history, and its order asked for again."""
