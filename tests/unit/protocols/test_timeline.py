from protocols.timeline import series, told


def test_entries_become_events() -> None:
    line = told(
        [
            ("session.attached", {"id": "ses_1"}),
            ("session.live", {"at": 0.5}),
            ("session.blind", {"at": 3.0, "cause": "nothing came"}),
            ("operator.lapsed", {"at": 4.0, "operator": "op"}),
            ("challenge.judged", {"at": 5.0, "challenge": "unknown", "passed": True}),
            ("challenge.asked", {"at": 6.0, "challenge": "a"}),
            ("challenge.asked", {"at": 7.0, "challenge": "b"}),
            ("challenge.judged", {"at": 8.0, "challenge": "b", "passed": True, "score": 0.9}),
            ("cut.intended", {"at": 9.0}),
            ("ladder.step", {"at": 8.5, "rung": "notify"}),
            ("verdict.changed", {"at": 8.2, "p_human": 0.1}),
        ]
    )
    assert line.probability == [(8.2, 0.1)]
    assert [(c["challenge"], c["passed"], c["judged_at"]) for c in line.challenges] == [
        ("a", None, None),
        ("b", True, 8.0),
    ]
    assert [b["blind"] for b in line.blind] == [False, True]
    assert [p["present"] for p in line.presence] == [False]
    assert [s["rung"] for s in line.steps] == ["notify"]
    assert line.end == 9.0


def test_a_curve_is_thinned_without_losing_a_peak() -> None:
    points = [(float(n), 0.0) for n in range(10_000)]
    points[4321], points[777] = (4321.0, 9.0), (777.0, -9.0)
    curve = series(points, unit="x", low=-9, high=9, most=100)
    assert len(curve.t) <= 100
    assert (4321.0, 9.0) in zip(curve.t, curve.v, strict=True)
    assert (777.0, -9.0) in zip(curve.t, curve.v, strict=True)
    assert list(curve.t) == sorted(curve.t)
    assert series(points[:3], unit="x", low=0, high=1).t == (0.0, 1.0, 2.0)
