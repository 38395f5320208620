"""The AT line and the network's time, also under MicroPython, whose `str` has fewer arguments."""

import asyncio

from tests import fake_device  # noqa: F401 - MicroPython's calls on CPython

# isort: split
from node.modems import ModemError
from node.modems.at import At
from node.modems.network import seconds


class Uart:
    """Answers each write with what it was made with."""

    def __init__(self, answer):
        self._answer = answer
        self._came = b"\r\nRDY\r\n"

    def any(self):
        return len(self._came)

    def read(self, count):
        data, self._came = self._came[:count], self._came[count:]
        return data

    def write(self, data):
        self._came += self._answer


def asked(answer, command="AT+CEREG?"):
    async def pause(_ms):
        pass

    return asyncio.run(At(Uart(answer), pause).ask(command, 500))


def test_an_answer_is_found_between_echo_and_urcs():
    assert asked(b"AT+CEREG?\r\r\n*PSUTTZ: 1\r\n\r\n+CEREG: 0,1\r\n\r\nOK\r\n") == b"0,1"


def test_a_refusal_and_silence_are_errors_that_say_so():
    for answer, said in ((b"\r\n+CME ERROR: 16\r\n", "+CME ERROR: 16"), (b"\r\nO", "no answer")):
        try:
            asked(answer)
        except ModemError as error:
            assert str(error) == said
        else:
            raise AssertionError(said)


def test_the_networks_time_has_a_zone_in_quarter_hours():
    assert seconds(b'"27/01/01,01:00:00+04"') == 1798761600
    assert seconds(b'"28/03/01,00:00:00-04"') == 1835485200
    assert seconds(b'"80/01/06,00:00:00+00"') == 0
    assert seconds(b'"') == 0
