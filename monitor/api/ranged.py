"""A file, or the part of it that was asked for: one range (RFC 9110, 14), as players ask when they seek."""

import re

from fastapi import Response

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def ranged(content: bytes, media_type: str, asked: str | None, *, tag: str) -> Response:
    """The response to a request with this Range header; what cannot be read is answered with the whole."""
    size = len(content)
    headers = {"accept-ranges": "bytes", "etag": f'"{tag}"', "content-disposition": "inline"}
    found = _RANGE.fullmatch(asked.strip()) if asked else None
    if found is None or found.group(0) == "bytes=-":
        return Response(content, media_type=media_type, headers=headers)
    first, last = found.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(size - 1, int(last)) if first and last else size - 1
    if start > end:
        return Response(status_code=416, headers=headers | {"content-range": f"bytes */{size}"})
    headers["content-range"] = f"bytes {start}-{end}/{size}"
    return Response(content[start : end + 1], 206, media_type=media_type, headers=headers)
