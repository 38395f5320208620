"""A conversation with a mail server, in a thread. Source: RFC 5321, RFC 3207, RFC 4954."""

import contextlib
import smtplib
import ssl
from collections.abc import Generator, Sequence
from urllib.parse import urlsplit

from gateway.errors import Refused, Retry
from gateway.sinks.email.settings import Settings

PORTS = {"smtp": 587, "smtps": 465}
"""Source: RFC 6409, 3.1; RFC 8314, 7.3."""


def send(settings: Settings, messages: Sequence[tuple[str, bytes]], timeout_s: float) -> None:
    """Send messages (to, bytes), in order; none: only see that the server takes us.

    timeout_s: of each word of the conversation.  Raises Retry, Refused.
    """
    with _translated(settings), _connected(settings, timeout_s) as server:
        server.noop()
        for to, message in messages:
            server.sendmail(settings.sender, [to], message)


@contextlib.contextmanager
def _connected(settings: Settings, timeout_s: float) -> Generator[smtplib.SMTP]:
    parts = urlsplit(settings.smtp)
    if parts.scheme not in PORTS or not parts.hostname:
        raise Retry(
            "`sinks.email.smtp` is no mail server: the operator writes it as "
            "smtp://mail.example.org:587 or smtps://mail.example.org"
        )
    host = parts.hostname
    port = parts.port or PORTS[parts.scheme]
    name = settings.sender.partition("@")[2]  # else the library asks a name server for ours
    if parts.scheme == "smtps":
        with smtplib.SMTP_SSL(
            host, port, local_hostname=name, timeout=timeout_s, context=_trusted(settings)
        ) as server:
            _log_in(server, settings)
            yield server
        return
    with smtplib.SMTP(host, port, local_hostname=name, timeout=timeout_s) as server:
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=_trusted(settings))
        elif settings.username:
            raise Retry(
                f"the mail server {settings.shown} offers no TLS, and a password is not sent "
                "without: the operator uses smtps:// or another server"
            )
        _log_in(server, settings)
        yield server


def _trusted(settings: Settings) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=settings.ca_file)


def _log_in(server: smtplib.SMTP, settings: Settings) -> None:
    if settings.username:
        server.login(settings.username, settings.password)


@contextlib.contextmanager
def _translated(settings: Settings) -> Generator[None]:
    """Errors of the library as ours."""
    where = f"the mail server {settings.shown}"
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:  # its text may repeat what we sent
        raise Retry(
            f"{where} refuses our user ({error.smtp_code}): the operator corrects `username` and "
            "`password` of `[sinks.email]`"
        ) from None
    except smtplib.SMTPRecipientsRefused as error:
        [(code, said)] = error.recipients.values()
        raise _answer(where, code, said) from None
    except smtplib.SMTPResponseException as error:
        raise _answer(where, error.smtp_code, error.smtp_error) from None
    except ssl.SSLCertVerificationError as error:
        raise Retry(
            f"{where} shows a certificate that is not trusted ({error.verify_message}): the "
            "operator sets `ca_file` of `[sinks.email]`, or uses the name it is made for"
        ) from None
    except (smtplib.SMTPException, OSError) as error:
        raise Retry(f"{where} is not reached: {error}") from error


def _answer(where: str, code: int, said: bytes | str) -> Retry | Refused:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    whole = f"{where} answered {code}: {' '.join(text.split())[:200]}"
    return Refused(f"{whole}: the operator corrects the address") if code >= 500 else Retry(whole)
