"""Events by e-mail, at a mail server: text, login over TLS, what it refuses."""

import ssl

import msgspec
import pytest

from gateway.errors import Refused, Retry
from gateway.events import DisabledData
from gateway.model import Delivery, Endpoint
from gateway.sinks import Surroundings
from gateway.sinks.email import Sink
from gateway.tests.contract.certificates import Authority
from gateway.tests.contract.receivers.email import FULL, NOBODY, MailServer, settings

PASSWORD = "mail-pass-7f3"
USER = f"\0lamps\0{PASSWORD}"
OPS = Endpoint(id="wh_mail", kind="email", url="ops@city.example")
GONE = DisabledData(
    webhook="wh_1", sink="webhook", target="https://backend.example", pending=3,
    reason="the endpoint answered 410; `lamplighter webhook enable wh_1` delivers again",
)  # fmt: skip


def sink(own, folder):
    around = Surroundings(
        clock=lambda: 1_800_000_000_000, timeout_s=5.0, allow_private=False, folder=folder
    )
    return Sink(own, around)


def event(data, device="a"):
    body = {"id": "e1", "source": "lamplighter/east", "data": msgspec.to_builtins(data)}
    return Delivery(
        endpoint_id="wh_mail", cursor=1, event_id="e1", type="lamplighter.disabled.v1",
        subject=device, body=msgspec.json.encode(body),
    )  # fmt: skip


async def test_a_message_says_what_is_wrong_and_who_acts_next(tmp_path):
    server = MailServer()
    async with server.serving() as port, sink(settings(port), tmp_path) as mail:
        await mail.deliver(OPS, [event(GONE)])
        assert await mail.trial() == [f"the mail server smtp://127.0.0.1:{port} takes us"]

    [message] = server.messages
    assert message["Subject"] == "lamplighter/east: disabled https://backend.example"
    assert (message["From"], message["To"]) == ("lamps@city.example", "ops@city.example")
    assert message["Message-ID"] == "<e1@lamplighter.invalid>"
    text = message.get_body().get_content()
    assert text.startswith(GONE.reason)
    assert "pending: 3" in text.splitlines()


async def test_no_event_adds_a_header_or_a_recipient(tmp_path):
    odd = {"device": "x\r\nBcc: all@city.example", "reason": "a\r\n.\r\nMAIL FROM:<b@c>"}
    server = MailServer()
    async with server.serving() as port, sink(settings(port), tmp_path) as mail:
        await mail.deliver(OPS, [event(odd)])

    [message] = server.messages
    assert message["Bcc"] is None
    assert server.bodies() == [event(odd).body]


async def test_a_password_goes_over_tls_alone_and_into_no_text(tmp_path):
    authority = Authority(tmp_path / "pki")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*authority.certificate("mail"))
    more = {"username": "lamps", "password": PASSWORD}
    server, plain = MailServer(USER), MailServer(USER)
    async with server.serving(tls) as port, plain.serving() as open_port:
        own = settings(port, "smtps", ca_file=authority.ca, **more)
        await sink(own, tmp_path).deliver(OPS, [event(GONE)])
        assert server.logins == [USER]
        with pytest.raises(Retry, match="not trusted"):
            await sink(settings(port, "smtps", **more), tmp_path).deliver(OPS, [event(GONE)])
        with pytest.raises(Retry, match="offers no TLS"):
            await sink(settings(open_port, **more), tmp_path).deliver(OPS, [event(GONE)])
        assert plain.logins == []
        wrong = settings(port, "smtps", ca_file=authority.ca, username="x", password="wrong-9")
        with pytest.raises(Retry, match="the operator corrects `username`") as caught:
            await sink(wrong, tmp_path).deliver(OPS, [event(GONE)])

    assert "wrong-9" not in f"{caught.value!r} {wrong!r}"


@pytest.mark.parametrize(("to", "error"), [(FULL, Retry), (NOBODY, Refused)])
async def test_what_the_mail_server_answers_is_told(tmp_path, to, error):
    async with MailServer().serving() as port, sink(settings(port), tmp_path) as mail:
        with pytest.raises(error, match=r"answered (451|550): "):
            await mail.deliver(msgspec.structs.replace(OPS, url=to), [event(GONE)])


class Silent(MailServer):
    async def talk(self, reader, writer):
        await reader.read()
        writer.close()


async def test_a_mail_server_that_is_not_there_or_says_nothing_delays_no_longer(tmp_path):
    around = Surroundings(clock=lambda: 0, timeout_s=0.3, allow_private=False, folder=tmp_path)
    async with Silent().serving() as port, Sink(settings(port), around) as mail:
        with pytest.raises(Retry, match=r"took nothing within 0\.3 s|is not reached"):
            await mail.deliver(OPS, [event(GONE)])
    with pytest.raises(Retry, match="is not reached"):
        await Sink(settings(1), around).deliver(OPS, [event(GONE)])
    for smtp in ("mail.example", "http://mail.example", "smtp://"):
        own = msgspec.structs.replace(settings(1), smtp=smtp)
        with pytest.raises(Retry, match="the operator writes it as"):
            await Sink(own, around).deliver(OPS, [event(GONE)])
