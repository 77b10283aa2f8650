"""What a newcomer runs: a sample studio with its own avatars, operators, a backend, and scenarios."""
