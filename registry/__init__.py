"""Remembers: avatars, operators, policies, sessions, cuts and the ledger. Values in, values out; rows never leave."""
