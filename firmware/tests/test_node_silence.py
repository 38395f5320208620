"""What a link sends while no answer comes, and how soon it notices a lost session."""

import asyncio

from tests.link_world import LinkWorld

# isort: split
from node.links.lorawan import Link


def test_a_session_goes_on_beside_attempts_to_join_while_nobody_answers():
    linked = LinkWorld()

    async def story():
        await linked.link.exchange.join()
        await linked.live(3600)
        linked.acks = linked.world.server.answers_join = False
        await linked.live(5 * 3600)

    linked.world.run(story())

    server = linked.world.server
    assert linked.link.ready
    assert len(server.nonces) > 20
    silent = [one for one in server.uplinks if one[1] & 0x40]
    assert len(silent) > 20
    assert not any(one[5] for one in silent)  # unconfirmed
    fcnts = [one[0] for one in server.uplinks]
    assert len(fcnts) == len(set(fcnts))


def test_an_uplink_asks_shortly_before_each_join_request_beside_a_session():
    linked = LinkWorld()
    linked.config["report_s"] = 1500

    async def story():
        await linked.link.exchange.join()
        linked.acks = linked.world.server.answers_join = False
        await linked.live(8 * 3600, 1500)

    linked.world.run(story())

    asked_us = 0
    requests = 0
    for begin_us, end_us, _, _, _, _, made in linked.world.sent[1:]:
        if made[0] == 0:
            requests += 1
            assert begin_us - asked_us < 310000000
        else:
            asked_us = end_us
    assert requests > 40


def test_an_answer_after_a_long_silence_ends_the_waiting_and_the_attempts():
    linked = LinkWorld()

    async def story():
        await linked.link.exchange.join()
        linked.acks = linked.world.server.answers_join = False
        await linked.live(8 * 3600)
        linked.acks = linked.world.server.answers_join = True
        back_s = linked.clock.now // 1000000
        tried = len(linked.world.server.nonces)
        await linked.live(back_s + 660)
        assert len(linked.world.server.nonces) <= tried + 1
        await linked.live(back_s + 1200)

    linked.world.run(story())

    assert linked.link.mac.silent_us is None
    assert linked.journal.idle()


def test_after_a_new_join_readings_go_at_once():
    linked = LinkWorld()

    async def story():
        await linked.link.exchange.join()
        linked.acks = linked.world.server.answers_join = False
        await linked.live(2 * 3600)
        linked.acks = linked.world.server.answers_join = True
        sessions = linked.world.server.sessions
        linked.world.server.session = None  # forgotten
        while linked.world.server.sessions == sessions:
            await linked.live(linked.clock.now // 1000000 + 5)
        joined_us = linked.clock.now
        sent = len(linked.world.server.uplinks)
        while len(linked.world.server.uplinks) == sent:
            await linked.live(linked.clock.now // 1000000 + 1)
        return linked.clock.now - joined_us

    assert linked.world.run(story()) < 60000000  # the duty cycle of the Join-Request


def test_a_session_that_the_server_forgot_is_noticed_within_three_report_periods():
    for after_s in (3700, 4100, 4600):
        linked = LinkWorld()

        async def story(linked=linked, after_s=after_s):
            await linked.link.exchange.join()
            await linked.live(after_s)
            linked.world.server.session = None
            tried = len(linked.world.server.nonces)
            while len(linked.world.server.nonces) == tried:
                await linked.live(linked.clock.now // 1000000 + 5)
            return linked.clock.now // 1000000 - after_s

        assert linked.world.run(story()) <= 1800


def test_a_lamp_that_rarely_reports_asks_within_half_an_hour():
    linked = LinkWorld()
    linked.power.sleeper = False
    linked.config["report_s"] = 7200

    async def story():
        await linked.link.exchange.join()
        await linked.live(6600, 7200)
        linked.world.server.session = None
        tried = len(linked.world.server.nonces)
        while len(linked.world.server.nonces) == tried:
            await linked.live(linked.clock.now // 1000000 + 5, 7200)
        return linked.clock.now // 1000000 - 6600

    assert linked.world.run(story()) <= 1800


def test_silence_is_remembered_over_a_restart():
    linked = LinkWorld()

    async def story():
        await linked.link.exchange.join()
        linked.acks = linked.world.server.answers_join = False
        await linked.live(5 * 3600)
        tried = len(linked.world.server.nonces)
        before = len(linked.world.server.uplinks)
        linked.lock = asyncio.Lock()
        linked.link = Link(linked, linked.world.radio)
        await linked.live(5 * 3600 + 400)
        assert len(linked.world.server.nonces) > tried
        return linked.world.server.uplinks[before:]

    sent = linked.world.run(story())

    assert sent
    assert all(one[1] & 0x40 and not one[5] for one in sent)


def test_the_time_is_asked_for_until_it_is_answered():
    linked = LinkWorld()
    times = []
    linked.clock.set_unix = lambda unix_us, at_us, error_ms: times.append(unix_us)

    def reply(uplink):
        if b"\x0d" in uplink[2] and len(linked.world.server.uplinks) > 3:
            return {"fopts": b"\x0d" + bytes((0, 0, 0, 80, 0)), "ack": uplink[5]}
        return {"ack": True} if uplink[5] else None

    linked.world.server.reply = reply

    async def story():
        await linked.link.exchange.join()
        await linked.live(6 * 600)

    linked.world.run(story())

    asked = [b"\x0d" in one[2] for one in linked.world.server.uplinks]
    assert asked[:4] == [True] * 4
    assert not any(asked[4:])
    assert len(times) == 1


def test_after_power_the_first_reports_of_a_street_are_spread():
    waits = []
    for seed in range(8):
        linked = LinkWorld()
        linked.world._seed = 99991237 * seed
        linked.spread_s = 240
        linked.read(1)

        async def story(linked=linked):
            assert await linked.link.run_once() == "join"
            return linked.link.wait_us() // 1000000

        waits.append(linked.world.run(story()))
        assert linked.spread_s == 0

    assert min(waits) >= 120 and max(waits) <= 600, waits
    assert max(waits) - min(waits) > 120
