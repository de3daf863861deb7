"""Checks, identifies and enriches the messages of ``in.<agency>``, and makes journal entries and receipts. Pure."""
