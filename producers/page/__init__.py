"""Serves the sender's page under ``/send``: what a person with a browser and a sheet needs, and nothing else (docs/send-page.md)."""
