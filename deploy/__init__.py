"""Put together: the command, the local stack, what a deployment needs made in it. May import everything."""
