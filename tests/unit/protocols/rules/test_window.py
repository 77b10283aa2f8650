from protocols.rules.window import Windows


def seen(windows, start, end, step=0.04):
    at = start
    while at <= end:
        windows.seen(at)
        at += step


def test_windows_follow_each_other_once_telemetry_has_had_time_to_come():
    windows = Windows(10.0, 1.5)
    seen(windows, 0.0, 25.0)
    assert list(windows.closed(11.4)) == []
    assert list(windows.closed(11.5)) == [(0.0, 10.0)]
    assert list(windows.closed(25.0)) == [(10.0, 20.0)]
    assert list(windows.closed(30.0)) == []


def test_a_hole_begins_a_window_anew():
    windows = Windows(10.0, 1.5)
    seen(windows, 0.0, 8.0)
    seen(windows, 30.0, 41.0)
    assert list(windows.closed(60.0)) == [(30.0, 40.0)]


def test_time_that_steps_back_begins_a_window_anew():
    windows = Windows(10.0, 1.5)
    seen(windows, 100.0, 108.0)
    seen(windows, 5.0, 16.0)
    assert list(windows.closed(60.0)) == [(5.0, 15.0)]


def test_what_is_left_counts_from_half_a_window_on():
    windows = Windows(10.0, 1.5)
    assert list(windows.rest()) == []
    seen(windows, 0.0, 4.0)
    assert list(windows.rest()) == []
    windows.seen(0.0)
    seen(windows, 0.0, 6.0)
    (span,) = windows.rest()
    assert span[0] == 0.0
    assert 5.9 < span[1] <= 6.0
    assert list(windows.rest()) == []


def test_the_beginning_of_an_open_window_is_there_once_it_is_complete():
    windows = Windows(10.0, 1.5)
    assert windows.begun(5.0, 6.0) is None
    seen(windows, 0.0, 5.0)
    assert windows.begun(9.0, 6.0) is None
    seen(windows, 5.0, 8.0)
    assert windows.begun(7.4, 6.0) is None
    assert windows.begun(7.5, 6.0) == (0.0, 6.0)
    assert windows.begun(7.5, 10.0) is None
