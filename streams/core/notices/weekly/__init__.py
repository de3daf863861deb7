"""The weekly summary is made of sections. A new section is a module here with a ``SECTION``, and its name in ``SECTIONS``."""

from mekong.streams.core.notices.weekly import account, feed
from mekong.streams.core.notices.weekly.section import Section

SECTIONS: tuple[Section, ...] = (
    feed.SECTION,
    account.SECTION,
)
"""In the order in which a person reads them."""
