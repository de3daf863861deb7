"""Explore: cases counted by time, country, goods and agency. A choice is an address, and each number opens the list of its cases."""
