"""`modality edge password`: what [web.users] of a configuration holds for a user."""

from __future__ import annotations

import sys

import click

from modality.cli.verb import Verb, common, emit, say


@click.command(cls=Verb)
@click.argument("user")
@common
def password(user: str, as_json: bool, debug: bool) -> None:  # noqa: ARG001 - debug is the verb's own
    """Ask for the password of USER, and print the line for [web.users], which tells nobody the password.

    In a pipe, the first line of the standard input is the password.
    """
    from modality.edge.page.password import SHORTEST, hashed

    if sys.stdin.isatty():
        given = click.prompt(
            f"Password ({SHORTEST} characters or more)", hide_input=True, confirmation_prompt=True, err=True
        )
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    kept = hashed(given)
    if as_json:
        emit({"user": user, "hash": kept})
        return
    import json

    say("in the configuration, below [web.users]:")
    bare = user.isascii() and user.replace("-", "").replace("_", "").isalnum()
    click.echo(f"{user if bare else json.dumps(user)} = {json.dumps(kept)}")
