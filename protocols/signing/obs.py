"""The authentication of obs-websocket 5: two hashes over password, salt and challenge.

https://github.com/obsproject/obs-websocket/blob/master/docs/generated/protocol.md
"""

import hashlib
from base64 import b64encode


def authentication(password: str, *, salt: str, challenge: str) -> str:
    """Return the text that answers a Hello."""
    secret = b64encode(hashlib.sha256((password + salt).encode()).digest())
    return b64encode(hashlib.sha256(secret + challenge.encode()).digest()).decode()
