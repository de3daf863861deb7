"""Defines every record on every topic. Imports nothing else of the project."""
