"""The words of the exchange: every record on every topic. Imports nothing else of the project."""
