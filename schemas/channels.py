"""The channels by which a notification may be sent. A new channel is a class here and its name in ``AnyChannel`` (docs/add-a-channel.md).

A channel has only what it declares. By default it has no link for answers, no second attempt and no secret.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, NamedTuple, get_args

from pydantic import AfterValidator, Discriminator, StringConstraints, ValidationInfo
from pydantic_core import PydanticCustomError

from mekong.schemas.record import Record

_ATOM = r"[A-Za-z0-9!#$%&'*+/=^_`{|}~-]+"  # without "?", which begins an encoded word
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_MAIL_ADDRESS = re.compile(rf"{_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})*")


class Option(NamedTuple):
    """An option of ``mekong subscribe add`` that gives one field of a channel."""

    flag: str
    field: str
    metavar: str
    help: str
    wanted: str
    """What the error says when the value is not valid: "give …"."""


class Channel(Record):
    """What every channel is. A class changes what is different for it."""

    channel: str
    purpose: ClassVar[str]
    """What the notifier does: the help of a flag, and a row of the documentation."""
    options: ClassVar[tuple[Option, ...]] = ()
    """The first one chooses the channel. Without any, the flag ``--<channel>`` does."""
    is_pushed: ClassVar[bool] = True
    """Whether the notifier sends something."""
    retries: ClassVar[bool] = False
    """Whether an attempt that failed is made again, up to 24 hours."""
    has_weekly: ClassVar[bool] = False
    """Whether a subscription gets the weekly summary when it does not say whether it wants it."""

    @property
    def target(self) -> str:
        """The destination, as `mekong subscribe list` shows it: without a secret."""
        return self.channel

    @property
    def address(self) -> str | None:
        """A URL that the notifier connects to: its host is checked."""
        return None

    @property
    def secret(self) -> str | None:
        """Name of the secret that signs what is sent. Each member has its own."""
        return None

    def may_carry_link(self, *, inner: bool) -> bool:  # noqa: ARG002 - a channel may ask
        """Whether a message to this destination may have the link that is the right to answer.

        ``inner``: addresses of the exchange's own network are allowed.
        """
        return False


def is_read(info: ValidationInfo) -> bool:
    """Whether the record is read as JSON, from a topic."""
    return info.mode == "json"


def _mail_address(text: str, info: ValidationInfo) -> str:
    """RFC 5322, 3.4.1, as people write addresses: a dot-atom and a name of a host; no quotes, comments or literals."""
    if not is_read(info) and not _MAIL_ADDRESS.fullmatch(text):
        raise PydanticCustomError("bad_mail_address", "is not a mail address: give it alone and in ASCII, as duty@example.org")
    return text


WebAddress = Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=500)]


class Webhook(Channel):
    """Standard Webhooks: a POST signed with HMAC-SHA256."""

    channel: Literal["webhook"] = "webhook"
    url: WebAddress
    secret_name: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9_]{1,60}$")]
    """The secret is read by the notifier from ``MEKONG_WEBHOOK_SECRET_<name>``; it never travels.

    It is the member's own: its code with ``_`` for ``-``, or that and ``__`` and more.
    """
    purpose: ClassVar[str] = "Send signed POSTs there."
    retries: ClassVar[bool] = True
    options: ClassVar[tuple[Option, ...]] = (
        Option("--webhook", "url", "URL", purpose, "give an address that begins with https://, of at most 500 characters"),
        Option(
            "--secret-name",
            "secret_name",
            "NAME",
            "Of the webhook: LA_CUSTOMS, or LA_CUSTOMS__ and more, for LA-CUSTOMS. The notifier signs with MEKONG_WEBHOOK_SECRET_<NAME>.",
            "give capital letters, digits and underscores, as LA_CUSTOMS or LA_CUSTOMS__FUSION",
        ),
    )

    @property
    def target(self) -> str:
        """The URL."""
        return self.url

    @property
    def address(self) -> str | None:
        """The URL."""
        return self.url

    @property
    def secret(self) -> str | None:
        """Its name."""
        return self.secret_name

    def may_carry_link(self, *, inner: bool) -> bool:
        """Never in the clear, unless inner addresses are allowed."""
        return inner or self.url.startswith("https:")


class Mail(Channel):
    """Plain text and HTML by SMTP."""

    channel: Literal["mail"] = "mail"
    to: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=200), AfterValidator(_mail_address)]
    purpose: ClassVar[str] = "Send mails there."
    retries: ClassVar[bool] = True
    has_weekly: ClassVar[bool] = True
    options: ClassVar[tuple[Option, ...]] = (
        Option("--mail", "to", "ADDRESS", purpose, "give an address alone and in ASCII, as duty@example.org"),
    )

    @property
    def target(self) -> str:
        """The address."""
        return self.to

    def may_carry_link(self, *, inner: bool) -> bool:  # noqa: ARG002 - the contract of a channel
        """It is the receiver's own letter box."""
        return True


class Stream(Channel):
    """Server-sent events and the terminal: nothing is pushed, the subscriber reads."""

    channel: Literal["stream"] = "stream"
    purpose: ClassVar[str] = "Send nothing: the subscriber reads server-sent events."
    is_pushed: ClassVar[bool] = False


AnyChannel = Annotated[
    Webhook | Mail | Stream,
    Discriminator("channel"),
]
CHANNELS: tuple[type[Channel], ...] = get_args(get_args(AnyChannel)[0])
"""All channels, in the order of the help."""


def name_of(channel: type[Channel]) -> str:
    """``mail``."""
    return str(channel.model_fields["channel"].default)


if TYPE_CHECKING:
    ChannelName = str
else:
    ChannelName = Literal[tuple(map(name_of, CHANNELS))]
"""A channel's name in a record; any other is refused."""
