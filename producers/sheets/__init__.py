"""Reads a table of any agency (workbook or CSV) by a layout: which column is which field, and how values are written. docs/sheets.md."""
