"""``mekong conveyance``: shows what may be shared of a plate, vessel or flight."""

from __future__ import annotations

import sys

import click


@click.command()
@click.argument("text")
@click.option("--operation", required=True, help="The operation whose key it is, as OMD.")
def conveyance(text: str, operation: str) -> None:
    """Make the `conveyance` of a message: a keyed MAC of a plate, vessel or flight, or with - of each line of stdin.

    The key is MEKONG_CONVEYANCE_KEY, the same for all members of the operation. So members see that two cases share a lorry, and
    nobody can read which. Spelling does not matter: spaces, dots and the size of letters are left out.

    \b
    Example:
      mekong conveyance "51F-123.45" --operation OMD
      cut -f3 plates.tsv | mekong conveyance - --operation OMD
    """
    from mekong.deploy.profiles import nearest
    from mekong.schemas.codes import code_list
    from mekong.schemas.conveyance import conveyance_hmac
    from mekong.schemas.errors import Refused
    from mekong.schemas.settings import settings

    if operation not in code_list("operations"):
        raise Refused(f"Operation {operation!r} is not known{nearest(operation, code_list('operations'))}.")
    key = settings().conveyance_key.get_secret_value().encode()
    for line in sys.stdin if text == "-" else (text,):
        try:
            click.echo(conveyance_hmac(key, operation, line) if text != "-" or line.strip() else "")
        except ValueError as exc:
            raise Refused(f"{exc}.") from exc
