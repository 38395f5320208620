"""Load on the gateway service: what sends it, what takes it, what it may cost at least.

Each part is a process of its own, so that /proc tells what each one costs: `generator` publishes
what ChirpStack would, mosquitto carries it, `receiver` is the backend. `ack_after_commit`,
`reader` and `aiohttp_post` do a part of the gateway's work and nothing else: what they cost is the
roofline.
"""
