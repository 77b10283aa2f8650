"""A server that answers by a script, for what real servers do not do often enough to be waited for."""

import json
from collections.abc import Iterable

from tests.servers.receiver import Reply, Request


def json_reply(document: object, status: int = 200) -> Reply:
    return Reply(status=status, body=json.dumps(document).encode())


class Script:
    """Answers in order, the last one for ever; ``asked`` holds method and path of what came."""

    def __init__(self, *replies: Reply) -> None:
        self._replies = list(replies)
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Reply:
        self.requests.append(request)
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    @property
    def asked(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.requests]

    def documents(self) -> Iterable[dict[str, object]]:
        for request in self.requests:
            if request.body:
                yield json.loads(request.body)
