"""What a worker has to know to watch a stream: where it is, how closely, what may be connected to."""

from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any, assert_never

from monitor.egress import EgressPolicy
from monitor.sources.pull import PullSource
from monitor.sources.ring import Ring
from monitor.sources.source import Patience, Source
from monitor.sources.whep import WhepSource
from monitor.sources.whip import WhipSource
from protocols.policy import WatchPolicy
from protocols.session import Feed, SourceKind

_LONGEST_SEGMENT = 8.0  # seconds; HLS arrives a segment at a time, and is silent in between


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How a stream is opened; ``zero`` is the session's zero on the machine's monotonic clock."""

    feed: Feed
    zero: float
    policy: WatchPolicy
    egress: EgressPolicy
    ice_servers: tuple[str, ...] = ()

    def source(self, ring: Ring) -> Source:
        """The source, not yet connected. Raises EgressRefused."""
        kind, url = self.feed.kind, self.feed.url or ""
        patience = Patience(stall_after=self.policy.blind_after_s)
        match kind:
            case SourceKind.WHIP:
                patience = replace(patience, start_within=None)
                return WhipSource(
                    zero=self.zero, policy=self.egress, patience=patience, ice_servers=self.ice_servers, ring=ring
                )
            case SourceKind.WHEP:
                return WhepSource(
                    url, zero=self.zero, policy=self.egress, patience=patience, ice_servers=self.ice_servers, ring=ring
                )
            case SourceKind.HLS:
                patience = replace(patience, stall_after=max(patience.stall_after, _LONGEST_SEGMENT))
                return PullSource(url, zero=self.zero, policy=self.egress, patience=patience, ring=ring)
            case SourceKind.RTMP | SourceKind.FLV | SourceKind.FILE:
                return PullSource(url, zero=self.zero, policy=self.egress, patience=patience, ring=ring)
            case _:
                assert_never(kind)

    def document(self) -> dict[str, Any]:
        """As JSON, for a worker."""
        egress = self.egress
        return {
            "kind": self.feed.kind.value,
            "url": self.feed.url,
            "zero": self.zero,
            "policy": self.policy.model_dump(mode="json"),
            "schemes": sorted(egress.schemes),
            "networks": [str(network) for network in egress.allowed_networks],
            "ports": None if egress.ports is None else sorted(egress.ports),
            "directory": None if egress.directory is None else str(egress.directory),
            "ice_servers": list(self.ice_servers),
        }

    @classmethod
    def read(cls, document: Any) -> "Opening":
        """The opening that ``document`` tells of."""
        ports, directory = document["ports"], document["directory"]
        return cls(
            feed=Feed(kind=SourceKind(document["kind"]), url=document["url"]),
            zero=document["zero"],
            policy=WatchPolicy.model_validate(document["policy"]),
            egress=EgressPolicy(
                schemes=frozenset(document["schemes"]),
                allowed_networks=tuple(ip_network(network) for network in document["networks"]),
                ports=None if ports is None else frozenset(ports),
                directory=None if directory is None else Path(directory),
            ),
            ice_servers=tuple(document["ice_servers"]),
        )
