"""What the configuration says of the box's page: where it is, and who is let in; loads no web server."""
