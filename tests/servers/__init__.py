"""Real programs that the tests start on free loopback ports and stop by pid, one file per program."""
