"""The register keeps hashes of tokens: two of an agency at most, and its other records are as they were."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from mekong.deploy.cli import mekong
from mekong.deploy.registry import add_agencies, list_agencies, profile_of, read_compacted
from mekong.deploy.tokens import add_token, list_tokens, revoke_token
from mekong.schemas.errors import Refused
from mekong.schemas.topics import REGISTRY

AGENCY = "KH-CUSTOMS"


def test_an_agency_has_two_tokens_at_most_and_each_is_stored_as_a_hash(server_settings):
    add_agencies(server_settings, [profile_of(AGENCY)])
    for old in list_tokens(server_settings, AGENCY):
        revoke_token(server_settings, AGENCY, old.id)
    first, second = (add_token(server_settings, AGENCY, scopes) for scopes in (("send", "read"), ("read",)))
    with pytest.raises(Refused, match=f"{AGENCY} has 2 tokens already .*revoke one"):
        add_token(server_settings, AGENCY, ("send",))
    stored = b"".join(read_compacted(server_settings, REGISTRY.name).values()).decode()
    assert first.token.digest in stored
    assert first.text.split("-")[2] not in stored
    assert {one.id: one.scopes for one in list_tokens(server_settings, AGENCY)} == {
        first.token.id: ("send", "read"),
        second.token.id: ("read",),
    }
    assert AGENCY in {one.agency for one in list_agencies(server_settings)}
    assert revoke_token(server_settings, AGENCY, first.token.id)
    assert not revoke_token(server_settings, AGENCY, first.token.id)
    with pytest.raises(Refused, match="KH-CUSTOM is not registered"):
        add_token(server_settings, "KH-CUSTOM", ("send",))


def test_the_command_prints_the_token_once_and_lists_without_it(server_settings):
    add_agencies(server_settings, [profile_of("BN-CUSTOMS")])
    for old in list_tokens(server_settings, "BN-CUSTOMS"):
        revoke_token(server_settings, "BN-CUSTOMS", old.id)
    run = CliRunner().invoke
    made = run(mekong, ["agency", "token", "add", "BN-CUSTOMS"])
    text = made.stdout.strip()
    assert text.startswith("mekong-")
    listed = run(mekong, ["agency", "token", "list", "BN-CUSTOMS", "--json"]).stdout
    assert [one["id"] for one in json.loads(listed)] == [text.split("-")[1]]
    assert text.split("-")[2] not in listed
    assert "digest" not in listed
    assert "is revoked" in run(mekong, ["agency", "token", "revoke", "BN-CUSTOMS", text.split("-")[1]]).stdout
    assert "has no token" in run(mekong, ["agency", "token", "list", "BN-CUSTOMS"]).stdout
