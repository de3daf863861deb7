"""The local stack: runs the real servers and the processes of a deployment as child processes of one supervisor."""
