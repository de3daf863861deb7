"""Triage: alerts one after the other, and what people said about each. An answer is the record that the page behind a link writes."""
