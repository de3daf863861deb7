"""Gives commands of an agency the option ``--url``, for a machine that reaches the exchange over HTTPS only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from mekong.schemas.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])
_HELP = "The exchange's HTTPS address, where Kafka's ports cannot be reached; the token is in MEKONG_TOKEN. Default: MEKONG_URL."
_META = "mekong.url"


def url_option(function: F) -> F:
    """``--url``, for ``settings_here``."""
    return click.option("--url", metavar="URL", expose_value=False, callback=_note, help=_HELP)(function)


def settings_here() -> Settings:
    """The settings of this process, with the address of the command line when it has one. Raises Refused."""
    from mekong.schemas.settings import settings

    url = click.get_current_context().meta.get(_META)
    return settings().model_copy(update={"url": url}) if url else settings()


def is_over_https() -> bool:
    """Whether the command line or MEKONG_URL names an HTTPS address. False when the settings cannot be read."""
    from mekong.schemas.errors import Refused

    if click.get_current_context().meta.get(_META):
        return True
    try:
        return bool(settings_here().url)
    except Refused:
        return False


def _note(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    ctx.meta[_META] = value
