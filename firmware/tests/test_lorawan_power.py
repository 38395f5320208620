"""Power cuts before and after every save and every transmission: no DevNonce and no FCnt twice.

The fake server refuses a counter that comes with another frame (`Server._data`).
"""

from tests.fake_network import PowerCut, World


async def life(world):
    """Join and report as a node does."""
    await world.joined()
    for at in range(3):
        await world.mac.send(10, b"reading %d of start %d" % (at, world.starts), at == 1)


def lived(cut_after, again=None):
    """A world whose power is cut after a step, once more after `again` steps, then left alone."""
    world = World()
    world.server.reply = lambda uplink: {"fport": 30, "data": b"c", "ack": uplink[5]}
    world.starts = 0
    for cut in (cut_after, again, None):
        world.cut_after = None if cut is None else world.steps + cut
        world.starts += 1
        try:
            world.run(life(world))
        except PowerCut:
            world.start()
            continue
        world.start()
    return world


def check(world):
    nonces = world.server.nonces
    assert nonces == sorted(set(nonces)), "a DevNonce twice: %s" % nonces
    readings = [one[4] for one in world.server.uplinks]
    assert len(readings) == len(set(readings))
    assert readings[-1] == b"reading 2 of start %d" % world.starts
    assert {one[1] for one in world.heard} <= {b"c"}


def test_a_cut_at_every_step_repeats_no_counter():
    steps = lived(None).steps
    assert steps > 20

    for cut in range(steps):
        check(lived(cut))


def test_two_cuts_in_a_row_repeat_no_counter():
    for cut in range(0, 24, 2):
        for again in range(0, 20, 3):
            check(lived(cut, again))


def test_a_cut_before_the_join_accept_is_saved_resumes_the_session_and_the_attempts():
    world = World()
    world.run(world.mac.join())
    world.cut_after = world.steps + 5  # the second request is out, its accept is not saved

    try:
        world.run(world.mac.join())
        raise AssertionError
    except PowerCut:
        world.cut_after = None
        world.start()

    assert len(world.server.nonces) == 2
    assert world.mac.joined
    assert world.mac.silent_us is not None
    world.run(world.mac.join())
    assert world.mac.silent_us is None
    assert world.server.sessions == 3
