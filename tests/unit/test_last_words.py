"""What a broker says right before it hangs up is taken, then the end."""

from __future__ import annotations

import logging
import socket

import pytest
from kafka.net.transport import KafkaSSLTransport, KafkaTCPTransport

import mekong.producers.broker  # noqa: F401 - has it done
from mekong.producers.last_words import are_heard


@pytest.mark.parametrize("transport", [KafkaTCPTransport, KafkaSSLTransport])
def test_the_words_that_come_with_the_end_of_a_connection_are_taken_before_it(transport, caplog):
    caplog.set_level(logging.CRITICAL)
    ours, brokers = socket.socketpair()
    ours.setblocking(False)
    brokers.sendall(b"the password is wrong")
    brokers.close()
    reader = transport.__new__(transport)
    reader._sock = ours
    reader.host = "broker"
    reader._proxied = None
    reader._closed = False
    said, error = reader._sock_recv()
    assert (said, error) == (b"the password is wrong", None)
    nothing, error = reader._sock_recv()
    assert nothing == b""
    assert "socket disconnected" in str(error)
    ours.close()


def test_twice_changes_nothing():
    before = KafkaTCPTransport._sock_recv
    are_heard()
    assert KafkaTCPTransport._sock_recv is before
