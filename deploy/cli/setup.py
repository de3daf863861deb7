"""``mekong topics`` and ``mekong migrate``: create what a deployment needs in Kafka and in ClickHouse."""

from __future__ import annotations

import json

import click


@click.command()
@click.option("--create", is_flag=True, help="Make those that are missing in this deployment.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def topics(create: bool, as_json: bool) -> None:
    """List every topic: what is on it, its key, its partitions, how long it is kept.

    Those with {agency} in their name are made by `mekong agency add`, one for each agency. --create also writes down the fingerprint of
    MEKONG_SECRET, where none is known yet: from then on every process compares its own with it.

    \b
    Example:
      mekong topics
      mekong topics --create
    """
    made = []
    if create:
        from mekong.deploy.registry import begin
        from mekong.schemas.settings import settings

        made = begin(settings())
    found = rows_of_topics()
    if as_json:
        click.echo(json.dumps({"topics": found, "made": made}))
        return
    from mekong.deploy.cli.tables import show

    show(["topic", "record", "key", "partitions", "kept", "purpose"], [[str(value) for value in one.values()] for one in found])
    if create:
        click.echo(f"made: {', '.join(made)}" if made else "all of them are there already")


@click.command()
@click.option("--new", "name", metavar="NAME", help="Write the next migration into the source instead, and apply nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the names of the migrations that were applied, or written, as JSON.")
def migrate(name: str | None, as_json: bool) -> None:
    """Bring ClickHouse's tables up to date: apply the migrations that are new, in order.

    --new is for who changes the source. It compares what schemas/tables declares with what all migrations together make, on a ClickHouse
    of its own, and writes what is missing into sinks/clickhouse/migrations: new columns with their comments, and the views again.

    \b
    Example:
      mekong migrate
      mekong migrate --new add_vessel_flag
    """
    if name is not None:
        from mekong.deploy.migration import write

        made = write(name)
        click.echo(json.dumps({"written": made.name}) if as_json else f"wrote {made.name}: read it, then commit it with checksums.txt")
        return
    from mekong.schemas.settings import settings
    from mekong.sinks.clickhouse.migrate import migrate as apply

    applied = apply(settings().clickhouse())
    if as_json:
        click.echo(json.dumps({"applied": applied}))
    elif applied:
        click.echo("\n".join(f"applied {name}" for name in applied))
    else:
        click.echo("up to date")


def rows_of_topics() -> list[dict[str, object]]:
    """Every topic as a row: topic, record, key, partitions, kept, purpose."""
    from mekong.schemas.topics import TOPICS

    return [
        {
            "topic": topic.name,
            "record": _record(topic.holds),
            "key": topic.key,
            "partitions": topic.partitions,
            "kept": _kept(dict(topic.config)),
            "purpose": topic.purpose,
        }
        for topic in TOPICS
    ]


def _record(holds: object) -> str:
    """The names of the record types, without where they are defined."""
    import typing

    if holds is None:
        return "internal state"
    parts = typing.get_args(holds)
    if not parts:
        return getattr(holds, "__name__", str(holds))
    return " | ".join(_record(part) for part in parts if isinstance(part, type) or typing.get_args(part))


def _kept(config: dict[str, str]) -> str:
    from mekong.schemas.topics import DAY_MS

    if config["cleanup.policy"] == "compact":
        return "newest of each key"
    kept_ms = int(config["retention.ms"])
    return "for ever" if kept_ms < 0 else f"{kept_ms // DAY_MS} days"
