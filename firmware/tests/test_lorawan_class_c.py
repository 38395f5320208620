"""Class C: what is heard between uplinks and in the second window, and what is refused."""

from lorawan import frame
from tests.fake_network import World


def ack(uplink):
    return {"ack": True} if uplink[5] else None


def test_class_c_hears_a_downlink_between_uplinks_and_acknowledges_it():
    world = World()
    there = (869525000, 12, 125000)

    async def story():
        world.mac.set_class("C")
        await world.joined()
        await world.mac.send(10, b"x")
        at = world.clock.us() + 60000000
        down = world.server.down(30, b"dim", confirmed=True)
        world.send(down, at, there)
        await world.clock.sleep_until_us(at + 20000000)
        return at + frame.time_on_air_us(12, 125000, len(down), False)

    end = world.run(story())

    assert world.heard == [(30, b"dim", True)]
    assert world.server.uplinks[1][1] & 0x20
    assert world.server.uplinks[1][3] is None
    assert 0 < world.sent[2][0] - end <= 8000000, "CLASS_C_RESP_TIMEOUT"


def test_class_c_takes_an_answer_in_the_second_window_as_class_a():
    world = World()
    world.server.window = 2
    world.server.reply = ack

    async def story():
        world.mac.set_class("C")
        await world.joined()
        return await world.mac.send(10, b"x", True)

    sent = world.run(story())

    assert (sent.acked, sent.heard, sent.tries) == (True, True, 1)
    assert world.mac.session.unanswered == 0


def test_class_c_does_not_disturb_a_long_answer_that_ends_after_the_exchange():
    world = World()
    world.server.window = 2
    world.server.reply = lambda uplink: {"fport": 30, "data": bytes(50)}

    async def story():
        world.mac.set_class("C")
        await world.joined()
        await world.mac.send(10, b"x")
        await world.clock.sleep_until_us(world.clock.us() + 5000000)

    world.run(story())

    assert world.heard == [(30, bytes(50), False)]
    assert world.mac.session.unanswered == 0


def test_class_c_takes_an_answer_in_the_first_window():
    world = World()
    world.server.reply = ack

    async def story():
        world.mac.set_class("C")
        await world.joined()
        return await world.mac.send(10, b"x", True)

    assert world.run(story()).acked
    assert world.radio.listening[0] == (869525000, 12, 125000)


def test_class_c_hears_between_transmission_and_first_window():
    world = World()
    world.server.settings = b"\x05\x03"  # RX2 at DR5, delay 3 s: a short frame fits before

    def reply(uplink):
        end = world.clock.us()
        world.send(world.server.down(30, b"early"), end + 500000, (869525000, 7, 125000))

    async def story():
        world.mac.set_class("C")
        await world.joined()
        world.server.reply = reply
        await world.mac.send(10, b"x")

    world.run(story())

    assert world.heard == [(30, b"early", False)]


def test_forged_and_foreign_frames_change_nothing():
    world = World()

    async def story():
        world.mac.set_class("C")
        await world.joined()
        good = world.server.down(30, b"x")
        for at in range(len(good)):
            for bit in (1, 128):
                forged = bytearray(good)
                forged[at] ^= bit
                world.mac.windows.overheard(bytes(forged), -80, 10)
        world.mac.windows.overheard(good[:-1], -80, 10)
        world.mac.windows.overheard(good + b"\0", -80, 10)

        return len(good)

    size = world.run(story())

    assert world.heard == []
    assert world.mac.session.fcnt_down == -1
    assert world.mac.refused == 2 * size + 2
    assert world.store.saves == 4  # the attempt, its JoinNonce, the session, the attempts' end


def test_class_c_answers_a_change_of_its_window_and_then_listens_there():
    world = World()

    async def story():
        world.mac.set_class("C")
        await world.joined()
        at = world.clock.us() + 60000000
        world.send(world.server.down(fopts=b"\x05\x03\xd2\xad\x84"), at, (869525000, 12, 125000))
        await world.clock.sleep_until_us(at + 20000000)
        at = world.clock.us() + 60000000
        world.send(world.server.down(30, b"x"), at, (869525000, 9, 125000))
        await world.clock.sleep_until_us(at + 20000000)

    world.run(story())

    assert [one[2] for one in world.server.uplinks] == [b"\x05\x07"]
    assert world.heard == [(30, b"x", False)]


def test_what_the_application_answers_carries_the_acknowledgement():
    world = World()

    async def story():
        world.mac.set_class("C")
        await world.joined()
        at = world.clock.us() + 60000000
        down = world.server.down(30, b"dim", confirmed=True)
        world.send(down, at, (869525000, 12, 125000))
        end = at + frame.time_on_air_us(12, 125000, len(down), False)
        await world.clock.sleep_until_us(end + 2000000)
        await world.mac.send(21, b"applied", True)
        await world.clock.sleep_until_us(end + 60000000)

    world.run(story())

    assert [(one[1] & 0x20, one[3]) for one in world.server.uplinks] == [(0x20, 21)]


def early_and(then):
    """A class C device that hears a frame before its first window, and what happens there."""
    world = World()
    world.server.settings = b"\x05\x03"  # RX2 at DR5, delay 3 s: a short frame fits before

    def reply(uplink):
        end = world.clock.us()
        world.send(world.server.down(30, b"early"), end + 500000, (869525000, 7, 125000))
        then(world, end + 3000000)

    async def story():
        world.mac.set_class("C")
        await world.joined()
        world.server.reply = reply
        try:
            return await world.mac.send(10, b"x")
        except OSError:
            return None

    return world, world.run(story())


def test_a_frame_before_the_answer_is_taken_before_it():
    def answer(world, at):
        freq, sf, bw = world.sent[-1][2:5]
        world.send(world.server.down(30, b"answer"), at, (freq, sf, bw))

    world, sent = early_and(answer)

    assert world.heard == [(30, b"early", False), (30, b"answer", False)]
    assert sent.heard


def test_a_frame_before_a_radio_fault_is_taken_after_the_exchange():
    def fault(world, at):
        async def receive(*_):
            await world.clock.sleep_until_us(at)
            world.radio_moves = False
            raise OSError("no answer of the chip")

        world.radio.receive = receive

    world, _ = early_and(fault)

    assert world.heard == [(30, b"early", False)]


def test_class_c_hears_a_frame_that_begins_between_the_windows():
    world = World()

    def reply(uplink):
        end = world.clock.us()
        world.send(world.server.down(30, b"between"), end + 1500000, (869525000, 12, 125000))

    async def story():
        world.mac.set_class("C")
        await world.joined()
        world.server.reply = reply
        await world.mac.send(10, b"x")
        await world.clock.sleep_until_us(world.clock.us() + 5000000)

    world.run(story())

    assert world.heard == [(30, b"between", False)]


def test_a_class_that_is_set_during_a_transmission_does_not_disturb_it():
    world = World()
    listened = []

    async def story():
        await world.joined()
        listen = world.radio.listen

        def noted(*arguments):
            listened.append(arguments)
            listen(*arguments)

        def reply(uplink):
            world.mac.set_class("C")
            assert listened == []

        world.radio.listen = noted
        world.server.reply = reply
        await world.mac.send(10, b"x")

    world.run(story())

    assert listened
