"""What every list of the API takes: how many at once, and where to go on."""

from typing import Annotated

from fastapi import Query

from registry.page import LARGEST_PAGE

Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="How many at once.", examples=[100])]
Cursor = Annotated[str | None, Query(max_length=64, description="`next` of the page before.", examples=["YWZ0ZXI6NDI"])]
