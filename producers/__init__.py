"""Sends an agency's data: turns files into messages on the agency's topic. Imports schemas and nothing else of the project."""
