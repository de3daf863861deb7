"""``python -m deploy.cli``: the command without its script."""

from deploy.cli import main

main()
