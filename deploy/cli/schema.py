"""``mekong schema``: writes the records and topics for other languages."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def schema() -> None:
    """The records and topics of the exchange, for clients in other languages.

    \b
    Example:
      mekong schema export --to schemas-for-java
    """


@schema.command("export")
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("docs/schemas"),
    help="Where to write.",
    show_default=True,
)
def export_command(folder: Path) -> None:
    """Write a JSON Schema for each record and one AsyncAPI 3 document of the topics.

    Files that are there are overwritten; others in the folder are left alone.

    \b
    Example:
      mekong schema export --to schemas-for-java
    """
    from mekong.schemas.export import export

    documents = export()
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents.items():
        (folder / name).write_text(text, encoding="utf-8")
    click.echo(f"{len(documents)} documents written to {folder}")
