"""Statistics of nginx-rtmp, as it writes them and as nobody should."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.enforcers.nginx_stat import StatRefused, Stream, parse_stat

TWO_SERVERS = b"""<?xml version="1.0" encoding="utf-8" ?>
<?xml-stylesheet type="text/xsl" href="stat.xsl" ?>
<rtmp><nginx_version>1.22.1</nginx_version>
<server><application><name>live</name><live>
<stream><name>s1</name><time>9</time>
<client><id>3</id><address>127.0.0.1</address><flashver>F&lt;&amp;</flashver><publishing/><active/></client>
<client><id>7</id><address>127.0.0.1</address><active/></client>
<meta><video><width>320</width></video></meta><nclients>2</nclients><publishing/><active/></stream>
<stream><name>s2</name><client><id>9</id></client><nclients>1</nclients></stream>
<nclients>3</nclients></live></application>
<application><name>other</name><live><stream><name>s1</name><publishing/></stream></live></application></server>
<server><application><name>live</name><live>
<stream><name>s1</name><client><id>11</id><publishing/></client><publishing/></stream>
</live></application></server></rtmp>"""


def test_publishers_are_found_by_server_application_and_name() -> None:
    assert parse_stat(TWO_SERVERS) == (
        Stream(server=0, app="live", name="s1", publishers=("3",)),
        Stream(server=0, app="live", name="s2", publishers=()),
        Stream(server=0, app="other", name="s1", publishers=("",)),
        Stream(server=1, app="live", name="s1", publishers=("11",)),
    )


def test_an_idle_server_has_no_streams() -> None:
    assert parse_stat(b"<rtmp><server></server></rtmp>") == ()


LAUGHS = (
    b'<!DOCTYPE rtmp [<!ENTITY a "ha"><!ENTITY b "'
    + b"&a;" * 1000
    + b'"><!ENTITY c "'
    + b"&b;" * 1000
    + b'">]><rtmp>&c;</rtmp>'
)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"0",
        b"<html><body>Welcome</body></html>",
        b"<rtmp><server>",
        TWO_SERVERS[:-20],
        LAUGHS,
        b'<!DOCTYPE rtmp SYSTEM "file:///etc/passwd"><rtmp/>',
        b'<!DOCTYPE rtmp [<!ENTITY x SYSTEM "file:///etc/passwd">]><rtmp>&x;</rtmp>',
        b"<rtmp>" + b"<a>" * 100_000,
        b"<rtmp>&undefined;</rtmp>",
        "<rtmp/>".encode("utf-16")[:-1],
    ],
)
def test_anything_else_is_refused(document: bytes) -> None:
    with pytest.raises(StatRefused):
        parse_stat(document)


@given(st.binary(max_size=200), st.integers(0, len(TWO_SERVERS)))
def test_noise_is_read_or_refused_and_nothing_else(noise: bytes, where: int) -> None:
    for document in (noise, TWO_SERVERS[:where] + noise + TWO_SERVERS[where:]):
        try:
            streams = parse_stat(document)
        except StatRefused:
            continue
        assert all(isinstance(stream, Stream) for stream in streams)
