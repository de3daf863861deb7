"""Puts a briefing together: it asks ClickHouse, compares with the phase before, and writes the files."""
