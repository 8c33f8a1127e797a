"""What may be sent to a panel, checked at the edge."""

import json
from typing import Any, Literal, TypeVar

import pydantic
from starlette.requests import Request

from lowlift.hil.panel.plans import why

BODY_MAX = 4 * 2**20
"""Largest body [bytes]: a snapshot that is restored."""
WRITES_MAX, STEPS_MAX = 500, 600
"""Points of one write; steps of one press."""

Body = TypeVar("Body", bound=pydantic.BaseModel)


class BodyError(ValueError):
    """A body is no JSON, too large, or not of the form that is wanted."""


class _Form(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")


class LoginBody(_Form):
    """A token."""

    token: str = pydantic.Field(max_length=500)


class WriteBody(_Form):
    """Values by point; whether a point takes them is for the image."""

    values: dict[str, Any] = pydantic.Field(min_length=1, max_length=WRITES_MAX)


class ReleaseBody(_Form):
    """Points whose slot is let go."""

    points: list[str] = pydantic.Field(min_length=1, max_length=WRITES_MAX)


class RunBody(_Form):
    """What the run is to do."""

    action: Literal["pause", "resume", "step", "speed"]
    n: int = pydantic.Field(default=1, ge=1, le=STEPS_MAX)
    speed: float = 1.0


class FaultBody(_Form):
    """A fault to be switched."""

    name: str = pydantic.Field(max_length=200)
    on: bool


async def raw_body(request: Request) -> bytes:
    """A body that is not too large.

    Raises:
        BodyError: it is; what came so far is dropped.
    """
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > BODY_MAX:
            raise BodyError(f"a body may have {BODY_MAX} bytes")
    return bytes(content)


async def body_of(request: Request, form: type[Body]) -> Body:
    """A body of a form.

    Raises:
        BodyError: names the field.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise BodyError("the body must be application/json")
    content = await raw_body(request)
    try:
        return form.model_validate(json.loads(content))
    except pydantic.ValidationError as error:
        raise BodyError(why(error)) from error
    except (ValueError, RecursionError) as error:
        raise BodyError(f"the body is no JSON: {error}") from error
