"""Writes topics into ClickHouse, exactly once."""
