"""Makes the options of every channel for `mekong subscribe add`: each channel declares its own in schemas/channels.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mekong.schemas.channels import Channel

_FIRST = 2
"""Parameters of `add` before those of the channels: ID and --member."""


class WithChannels(click.Command):
    """A command with the options of every channel, looked up when it runs or is asked for its help."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The parameters, with the options of the channels after the first ones."""
        from mekong.schemas.channels import CHANNELS

        found = super().get_params(ctx)
        options = [option for channel in CHANNELS for option in _options_of(channel)]
        return [*found[:_FIRST], *options, *found[_FIRST:]]


def channel_of(given: Mapping[str, str | bool | None]) -> dict[str, object]:
    """The channel that the options give. Raises UsageError unless they give exactly one channel, completely."""
    from mekong.schemas.channels import CHANNELS, name_of

    chosen = [channel for channel in CHANNELS if given[_parameter(_flags(channel)[0])]]
    for channel in CHANNELS:
        if channel not in chosen and any(given[_parameter(flag)] for flag in _flags(channel)):
            raise click.UsageError(f"{' and '.join(_flags(channel))} belong together")
    if len(chosen) != 1:
        *others, last = (_flags(channel)[0] for channel in CHANNELS)
        raise click.UsageError(f"give one of {', '.join(others)} and {last}")
    channel = chosen[0]
    if not all(given[_parameter(flag)] for flag in _flags(channel)):
        raise click.UsageError(f"{' and '.join(_flags(channel))} belong together")
    return {"channel": name_of(channel), **{one.field: given[_parameter(one.flag)] for one in channel.options}}


def _options_of(channel: type[Channel]) -> Iterator[click.Option]:
    if not channel.options:
        yield click.Option(_flags(channel), is_flag=True, help=channel.purpose)
    for one in channel.options:
        yield click.Option([one.flag], metavar=one.metavar, help=one.help)


def _flags(channel: type[Channel]) -> list[str]:
    """The first chooses the channel."""
    from mekong.schemas.channels import name_of

    return [one.flag for one in channel.options] or [f"--{name_of(channel)}"]


def _parameter(flag: str) -> str:
    return flag.removeprefix("--").replace("-", "_")
