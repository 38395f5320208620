"""Cellular modems, one file a family, for `node.links.cellular`; CELLULAR of the board names it.

    CELLULAR = {"chip": "sim7080g", "uart": 1, "tx": 4, "rx": 5, "key": 9}

A file's `class Modem(At)`, made of (uart, key, pause, settings), offers what follows; each may
raise ModemError, which says what is wrong and who acts next, and OSError when nothing answers.

    async start()               powered and answering, the host's settings made
    async unlock(store)         the SIM open, with at most two wrong PINs in the SIM's life
    async search()              told to look for a network
    async registered()          is it registered? Asked every few seconds
    async attach()              the bearer up
    async time()                (Unix seconds) told by the network
    async signal()              (RSRP dBm, SINR dB), None where it does not say
    async connect()             TLS, MQTT 3.1.1, subscribed
    async publish(data)         the broker has it
    async rest()                disconnected, then in PSM where the network grants it, else off
    messages, lost              payloads that came; is the session gone?

`tools/bench/sim/modem/<chip>.json` is the table of commands that family and model are held to.
"""


class ModemError(Exception):
    """The modem, its SIM, the network or the broker refused; the text says who acts next."""
