"""Every command is listed, has help with an example, and is quick to help."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from mekong.deploy.cli import COMMANDS, SECTIONS, mekong

FOLDER = Path(__file__).parents[2] / "deploy" / "cli"
NO_COMMANDS = {"__init__", "__main__"}


def all_commands() -> list[tuple[str, click.Command]]:
    """Every command and subcommand with its whole name."""
    found = []
    waiting = [(name, mekong.get_command(click.Context(mekong), name)) for name in COMMANDS]
    while waiting:
        name, command = waiting.pop()
        found.append((name, command))
        if isinstance(command, click.Group):
            waiting += [(f"{name} {part}", one) for part, one in command.commands.items()]
    return sorted(found, key=lambda pair: pair[0])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_stands_in_one_section_of_the_help(name):
    assert [names.count(name) for names in SECTIONS.values()].count(1) == 1


def test_the_sections_name_nothing_else():
    assert sum(map(len, SECTIONS.values())) == len(COMMANDS)


def test_every_command_has_help_with_an_example_of_itself():
    for name, command in all_commands():
        first, _, example = (command.help or "").partition("Example:")
        assert first.strip(), f"mekong {name} has no help"
        assert f"mekong {name.split()[0]}" in example, f"mekong {name} has no example"


def test_every_option_says_what_it_is_for():
    for name, command in all_commands():
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.help, f"mekong {name} {option.opts[0]}"


def test_every_click_command_of_the_folder_is_registered():
    modules = [import_module(f"mekong.deploy.cli.{path.stem}") for path in sorted(FOLDER.glob("*.py")) if path.stem not in NO_COMMANDS]
    groups = [one for module in modules for one in vars(module).values() if isinstance(one, click.Group)]
    parts = {id(part) for group in groups for part in group.commands.values()}
    for module in modules:
        for name, one in vars(module).items():
            if isinstance(one, click.Command) and id(one) not in parts:
                assert COMMANDS.get(name) == module.__name__, f"{module.__name__}: {name} is not in COMMANDS"


@pytest.mark.parametrize("arguments", [["--help"], ["send", "--help"], ["worker", "--help"]])
def test_help_imports_no_client_and_no_framework(arguments):
    asked = "import sys\nsys.argv = ['mekong', *sys.argv[1:]]\nfrom mekong.deploy.cli import main\n"
    asked += "try:\n    main()\nexcept SystemExit:\n    pass\n"
    asked += "print(sorted({'kafka', 'pydantic', 'faust', 'clickhouse_connect', 'rich', 'aiokafka'} & set(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", asked, *arguments], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("Usage: mekong")
    assert done.stderr == "[]\n"
