"""``Record``: what every record on a topic is, a frozen pydantic model."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, PlainSerializer

from schemas.times import to_text


class Record(BaseModel):
    """A frozen record. Unknown fields are ignored, bytes travel as base64, times carry an offset."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64")


Moment = Annotated[AwareDatetime, PlainSerializer(to_text, return_type=str, when_used="json")]
"""An instant: any offset is read, UTC with milliseconds is written."""
