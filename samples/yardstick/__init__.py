"""The yardstick: scenes of the sample studio, measured by the judge's instruments, for the simulator to draw from."""
