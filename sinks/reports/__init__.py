"""Briefings: the tables of a phase, read from ClickHouse, as a page, a workbook, a document and data."""
