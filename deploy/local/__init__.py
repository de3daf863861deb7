"""The local stack: the real servers and the processes of a deployment, as child processes of one supervisor."""
