"""Finds what the exchange would answer to a file, before anything is sent."""
