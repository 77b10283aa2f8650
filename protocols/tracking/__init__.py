"""What tracking programs send, and what it means: packets in, telemetry out.

One module for each format. A decoder gets a packet's bytes and the moment of its arrival, and hands back what was
tracked in the conventions of `protocols.telemetry`. It opens no socket, reads no clock, keeps a fixed amount of state,
and answers a packet that makes no sense with one error, `PacketRefused`. ``docs/trackers.md`` lists the formats, where
each was read, and what nobody could verify.
"""
