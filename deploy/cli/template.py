"""``mekong template``: writes an empty sheet for an agency, with drop-down lists in its language."""

from __future__ import annotations

import click

from mekong.schemas.languages import LANGUAGES, Language


@click.command()
@click.argument("layout", type=click.Choice(["simple"]))
@click.option("--agency", required=True, help="The agency that fills it in. The sheet keeps the code: `send` needs no --agency.")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Language of headings, notes and lists.")
def template(layout: str, agency: str, language: Language) -> None:
    """Write an empty Excel sheet to standard output.

    It has drop-down lists of the code lists, a note at each column, an example row (which is not sent) and a page that explains it.
    `check` and `send` know the sheet again in any language, so they need no --layout.

    \b
    Example:
      mekong template simple --agency VN-CUSTOMS --language vi > sheet.xlsx
    """
    import re
    import sys

    from mekong.producers.sheets.template import template as written
    from mekong.schemas.errors import Refused
    from mekong.schemas.messages import AGENCY_PATTERN

    if not re.fullmatch(AGENCY_PATTERN, agency):
        raise Refused(f"{agency!r} is not an agency code: give a country's two letters and a name, as VN-CUSTOMS.")
    if sys.stdout.isatty():
        raise Refused(f"An Excel sheet cannot be shown on a terminal: write it to a file, `mekong template {layout} ... > sheet.xlsx`.")
    click.get_binary_stream("stdout").write(written(agency, language))
