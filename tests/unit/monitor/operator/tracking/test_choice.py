"""How a tracker is named."""

import pytest

from monitor.operator.tracking.choice import Choice, TrackerRefused, chosen
from protocols.tracking.tracker import Tracker


@pytest.mark.parametrize(
    ("written", "choice"),
    [
        ("vmc", Choice(tracker=Tracker.VMC, port=39539)),
        ("vmc:5000", Choice(tracker=Tracker.VMC, port=5000)),
        ("vtube-studio", Choice(tracker=Tracker.VTUBE_STUDIO, port=8001)),
        ("vtube-studio@studio.lan:8002", Choice(tracker=Tracker.VTUBE_STUDIO, port=8002, host="studio.lan")),
        ("vtube-phone@192.168.1.20", Choice(tracker=Tracker.VTUBE_PHONE, port=21413, host="192.168.1.20")),
        ("ifacialmocap@192.168.1.20:49000", Choice(tracker=Tracker.IFACIALMOCAP, port=49000, host="192.168.1.20")),
        ("openseeface@127.0.0.1", Choice(tracker=Tracker.OPENSEEFACE, port=11573)),
        ("face-json@localhost:1", Choice(tracker=Tracker.FACE_JSON, port=1)),
    ],
)
def test_names_hosts_and_ports_are_read(written: str, choice: Choice) -> None:
    assert chosen(written) == choice
    assert choice.elsewhere is (choice.host is not None)
    assert chosen(str(choice)) == choice


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "is no tracker"),
        ("kinect", "is no tracker"),
        ("vmc:", "is no tracker"),
        ("vmc:0", "between 1 and 65535"),
        ("vmc:70000", "between 1 and 65535"),
        ("vmc@a b", "is no tracker"),
        ("vtube-phone", "vtube-phone@ADDRESS"),
    ],
)
def test_what_names_none_is_refused(written: str, why: str) -> None:
    with pytest.raises(TrackerRefused, match=why):
        chosen(written)
