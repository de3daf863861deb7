"""Serves everything that is reached by HTTP: one program, whose parts are the rooms of ``rooms.py``."""
