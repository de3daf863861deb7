"""The live page: what happens now, on a map and in lists, and the page of one case. Served to this machine only."""
