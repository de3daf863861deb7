"""The name to import, and what an agency's own system needs of it: ``from mekong import Client, Line, Seizure``.

Each folder here is a link to the one of that name at the top of the repository. The names below are imported when somebody asks for them,
so that ``mekong --help`` loads no client. docs/python.md shows how they are used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mekong.producers.client import Client as Client
    from mekong.producers.outbox import Delivered as Delivered
    from mekong.producers.outbox import Undelivered as Undelivered
    from mekong.schemas.errors import Fatal as Fatal
    from mekong.schemas.errors import Refused as Refused
    from mekong.schemas.errors import Retriable as Retriable
    from mekong.schemas.messages import Attachment as Attachment
    from mekong.schemas.messages import Correction as Correction
    from mekong.schemas.messages import Feedback as Feedback
    from mekong.schemas.messages import Handling as Handling
    from mekong.schemas.messages import Line as Line
    from mekong.schemas.messages import RouteStep as RouteStep
    from mekong.schemas.messages import Seizure as Seizure
    from mekong.schemas.messages import Suspects as Suspects
    from mekong.schemas.messages import Unmapped as Unmapped
    from mekong.schemas.messages import Warning as Warning
    from mekong.schemas.messages import Withdrawal as Withdrawal
    from mekong.schemas.receipts import Notice as Notice
    from mekong.schemas.receipts import Outcome as Outcome
    from mekong.schemas.receipts import Receipt as Receipt
    from mekong.schemas.rejected import Reason as Reason
    from mekong.schemas.rejected import Rejected as Rejected
    from mekong.schemas.settings import Settings as Settings

_NAMES = {
    "producers.client": ("Client",),
    "producers.outbox": ("Delivered", "Undelivered"),
    "schemas.errors": ("Retriable", "Fatal", "Refused"),
    "schemas.messages": (
        "Seizure",
        "Correction",
        "Withdrawal",
        "Warning",
        "Feedback",
        "Line",
        "RouteStep",
        "Suspects",
        "Handling",
        "Attachment",
        "Unmapped",
    ),
    "schemas.receipts": ("Receipt", "Outcome", "Notice"),
    "schemas.rejected": ("Rejected", "Reason"),
    "schemas.settings": ("Settings",),
}
_MODULE_OF = {name: module for module, names in _NAMES.items() for name in names}
__all__ = list(_MODULE_OF)


def __getattr__(name: str) -> Any:
    """Import a name of ``__all__`` when it is asked for."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return __all__
