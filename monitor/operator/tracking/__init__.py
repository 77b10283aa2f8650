"""The agent's ears: what the performer's tracking sends, asked for where it must be, found where nobody names it."""
