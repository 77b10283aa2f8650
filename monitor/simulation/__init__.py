"""The red-team simulator: thousands of hours of honest and dishonest sessions, judged by the live judge."""
