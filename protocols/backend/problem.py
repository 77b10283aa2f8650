"""Problem details of HTTP APIs (RFC 9457): one shape for whatever goes wrong."""

from typing import Annotated

from pydantic import Field

from protocols.backend.part import Part


class InvalidField(Part):
    """One thing that is wrong with a request."""

    field: str = Field(
        description="Where it is: `body.`, `query.`, `path.` or `header.` and the names below it.",
        examples=["body.operators.0"],
    )
    message: str = Field(description="What is wrong with it.", examples=["String should match pattern '^[A-Za-z0-9]…'"])


class Problem(Part):
    """A problem, as `application/problem+json`."""

    type: str = Field(
        description="Names the kind of problem; it does not change between versions.",
        examples=["urn:nakanohito:problem:conflict"],
    )
    title: str = Field(description="The kind of problem in words.", examples=["It conflicts with what is there"])
    status: Annotated[int, Field(ge=400, le=599)] = Field(description="The HTTP status.", examples=[409])
    detail: str = Field(
        description="This occurrence of it, and what to do.", examples=["The stream is attached already."]
    )
    instance: str = Field(
        description="This request; quote it to whoever runs the service.",
        examples=["urn:nakanohito:request:5f0c1f5e9f0b4c2a"],
    )
    other: str | None = Field(
        None, description="The id of what it conflicts with, where there is one.", examples=["ses_2x8k5c0v7h1qd"]
    )
    errors: list[InvalidField] | None = Field(None, description="Everything that is wrong with the request.")
