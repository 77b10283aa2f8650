"""Who drives: the mathematics that proves or refutes that a person's telemetry moves the avatar on the picture."""
