"""The words that alerts, notifications, mails and pages share: the same for all, and a code that is not known stays as it is."""

from __future__ import annotations

from importlib.resources import files

import pytest

from mekong.schemas.codes import LANGUAGES
from mekong.schemas.vocabulary import FEATURES, TIERS, series, value_of
from mekong.sinks.delivery.words import word


@pytest.mark.parametrize("words", [*TIERS.values(), *FEATURES.values()], ids=lambda words: words["en"])
def test_every_language_is_there(words):
    assert set(words) == set(LANGUAGES)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("NOTICE", ("Notice", "Lưu ý", "提示")),
        ("SEVERE", ("Very unusual", "Rất bất thường", "高度异常")),
        ("route", ("Route", "Tuyến", "路线")),
        ("concealment", ("Concealment", "Cách cất giấu", "藏匿方式")),
        ("place", ("Place", "Địa điểm", "地点")),
        ("substance", ("Goods", "Hàng hóa", "物品")),
        ("of a later version", ("of a later version",) * 3),
    ],
)
def test_a_word_that_stands_by_itself_begins_with_a_capital(code, words):
    assert tuple(word(code, language) for language in LANGUAGES) == words


@pytest.mark.parametrize(
    ("feature", "value", "words"),
    [
        ("route", "LA>VN", "Laos → Vietnam"),
        ("substance", "heroin", "Heroin"),
        ("substance", "on no list", "on no list"),
        ("of a later version", "heroin", "heroin"),
        ("combination", "heroin|LA>VN|on no list", "Heroin, Laos → Vietnam, on no list"),
    ],
)
def test_a_value_is_told_in_words_or_as_it_is(feature, value, words):
    assert value_of(feature, value, "en") == words


def test_a_series_is_of_an_agency_or_of_everyone_and_of_a_group_or_of_all():
    assert series({"agency": "VN-CUSTOMS", "commodity_group": "drug"}, "all", "en").endswith(", Drugs")
    assert series({"agency": None, "commodity_group": None}, "all", "en") == "all"


def test_goods_are_seized_and_only_persons_are_arrested_in_our_own_vietnamese_words():
    spellings_of_senders = {"words.toml", "simple.toml"}
    ours = [path for part in ("schemas", "producers", "streams", "sinks", "deploy") for path in _texts(files("mekong").joinpath(part))]
    assert len(ours) > 500
    assert [
        path.name for path in ours if path.name not in spellings_of_senders and "bắt giữ" in path.read_text(encoding="utf-8").casefold()
    ] == []


def _texts(folder):
    for path in folder.iterdir():
        if path.is_dir():
            yield from _texts(path)
        elif path.name.endswith((".py", ".json", ".csv", ".toml", ".html", ".js")):
            yield path
