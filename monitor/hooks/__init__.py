"""Publish hooks: the media server asks us before a stream goes on air; one file for each server's way of asking."""
