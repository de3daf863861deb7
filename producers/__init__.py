"""IN: an agency's own words become messages on its topic. Imports schemas and nothing else of the project."""
