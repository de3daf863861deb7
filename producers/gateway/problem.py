"""Makes refusals as problem+json (RFC 9457), with the reasons and the field names of receipts."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.wire import dump

MEDIA_TYPE = "application/problem+json"
LATER_S = 5
"""Seconds after which a client tries again when the broker is away."""
_STATUS = {
    Reason.NOT_JSON: 400,
    Reason.INVALID_UTF8: 400,
    Reason.TOO_DEEP: 400,
    Reason.BAD_FILE: 400,
    Reason.WRONG_AGENCY: 403,
    Reason.AGENCY_DISABLED: 403,
    Reason.TOO_LARGE: 413,
}


class Problem(Exception):  # noqa: N818 - named for what the answer is
    """Ends a request. What is in it is shown to the sender."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(f"{status}")
        self.status, self.detail, self.headers, self.more = status, detail, headers, more

    def response(self) -> Response:
        """The answer."""
        title = HTTPStatus(self.status).phrase
        body = {"type": "about:blank", "title": title, "status": self.status, "detail": self.detail, **self.more}
        return Response(dump(body), self.status, self.headers, MEDIA_TYPE)


def of(rejected: Rejected) -> Problem:
    """The refusal of a whole request for what is wrong with one message."""
    return Problem(_STATUS.get(rejected.reason, 422), rejected.detail, reason=rejected.reason.value, field=rejected.field)


def later(status: int, detail: str, seconds: float) -> Problem:
    """A refusal that ends by itself: the client tries again after the time in Retry-After."""
    return Problem(status, detail, headers={"retry-after": str(max(1, round(seconds + 0.5)))})


def away(detail: str = "") -> Problem:
    """The broker is away."""
    why = "The exchange cannot store messages now. Send the request again, with the same Idempotency-Key."
    return later(503, detail or why, LATER_S)
