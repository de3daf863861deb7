"""Makes a TLS connection as Kafka's clients make it, and says why none could be made."""

from __future__ import annotations

import socket
import ssl

from mekong.producers.doctor.at_once import WITHIN_S
from mekong.producers.doctor.step import NETWORK, OPERATOR, Failed
from mekong.schemas.settings import Settings

_NOT_YET_VALID, _EXPIRED = 9, 10
_OTHER_HOST = frozenset({62, 64})
"""X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL (x509_vfy.h), as the two above."""


def context_of(cafile: str | None) -> ssl.SSLContext:
    """What Kafka's clients check a certificate with. ``ssl.create_default_context`` is stricter from Python 3.13 on.

    Raises Failed when the file is damaged.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if cafile is None:
        context.load_default_certs()
        return context
    try:
        context.load_verify_locations(cafile)
    except ssl.SSLError as exc:
        said = f"MEKONG_KAFKA_CAFILE: {cafile} is damaged: no certificate in it can be read"
        raise Failed(said, f"{OPERATOR} for the CA file (PEM) again") from exc
    return context


def shake_hands(host: str, port: int, context: ssl.SSLContext) -> str:
    """Connect, agree on TLS and return its version. Raises OSError."""
    with (
        socket.create_connection((host, port), WITHIN_S) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        return secured.version() or "TLS"


def speaks_tls(host: str, port: int) -> bool:
    """Whether a port answers to TLS, whoever it is."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # nothing is sent: only the language of the port is asked
    try:
        shake_hands(host, port, context)
    except OSError:
        return False
    return True


def cause(exc: OSError, place: str, settings: Settings) -> Failed:
    """Why TLS failed at a port that answers, and whom to ask."""
    if isinstance(exc, ssl.SSLCertVerificationError):
        cafile = str(settings.kafka_cafile) if settings.kafka_cafile else None
        return certificate(exc, place, "MEKONG_KAFKA_BOOTSTRAP", "MEKONG_KAFKA_CAFILE", cafile)
    if isinstance(exc, TimeoutError):
        said = f"{place} accepts the connection, and does not answer to TLS within 3 s"
    else:
        said = f"{place} does not speak TLS: it answered in another way, or closed the connection"
    return Failed(
        said,
        f"{OPERATOR} whether MEKONG_KAFKA_SECURITY_PROTOCOL ({settings.kafka_security_protocol}) and the port are right;"
        f" then {NETWORK}, whether a proxy on the way stops TLS that it does not know",
    )


def certificate(exc: ssl.SSLCertVerificationError, place: str, address: str, variable: str, cafile: str | None) -> Failed:
    """Why the certificate of a place is not valid. ``address`` and ``variable`` name the settings of the address and of the CA file."""
    if exc.verify_code == _EXPIRED:
        return Failed(f"the certificate of {place} has expired", f"{OPERATOR} for a new certificate, after a look at this machine's date")
    if exc.verify_code == _NOT_YET_VALID:
        return Failed(
            f"the certificate of {place} is not valid yet: the clock of this machine is probably wrong",
            "your system administrator to set the clock of this machine (NTP)",
        )
    if exc.verify_code in _OTHER_HOST:
        return Failed(
            f"the certificate of {place} is of another host than {address} names",
            f"{OPERATOR} for the name that is in the certificate: connect to that name, not to a number or another name",
        )
    if cafile is None:
        said = f"the certificate of {place} is not signed by an authority that this machine knows, and {variable} is not set"
    else:
        said = f"the certificate of {place} is not signed by the authority in {variable} ({cafile})"
    proxy = f"If you have the newest one, ask {NETWORK} whether a proxy opens TLS: this address must pass unopened"
    return Failed(said, f"{OPERATOR} for the CA file (PEM). {proxy}")
