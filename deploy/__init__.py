"""Puts everything together: the command, the local stack, and the setup of a deployment. May import everything."""
