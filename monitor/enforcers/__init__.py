"""Enforcers: one file per media server, each of them blocks, cuts, confirms and restores."""
