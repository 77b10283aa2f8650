"""The operator channel: how an operator's software proves its device key, beats, reports motion and is asked.

Sans-I/O: both ends are state machines that take messages and the time and hand back events and messages. Sockets,
clocks, random bytes and timers belong to the shells (`monitor.operator`). `docs/operator-protocol.md` tells the
protocol message by message.
"""

VERSION = "nakanohito.operator.v1"
"""Name and version of the protocol; also the WebSocket subprotocol."""
