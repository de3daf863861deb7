"""``python -m mekong.deploy.cli``: runs ``mekong`` without its script."""

from mekong.deploy.cli import main

main()
