"""What the table's fields mean: units, words, properties, examples. For gateway and documents.

No board carries this file. `tools/tests` checks that it and `wire.schema` name the same fields.
"""

_OF_PEOPLE = ("suspect", "partial", "open", "low_battery")
_BATTERY_READING = ("batteryVoltage", "V", 1, 1000, ("low_battery",))

READINGS: "dict[str, dict[str, tuple[str, str, int, int, tuple[str, ...]]]]" = {
    "bin": {
        "fill": ("fillingLevel", "1", 1, 100, ("obstructed", "suspect", "uncalibrated", "tilted")),
        "distance": ("distance", "mm", 1, 1, ("obstructed", "suspect", "tilted")),
        "battery": _BATTERY_READING,
        "event": ("containerEvent", "1", 1, 1, ()),
        "alarm": ("containerAlarm", "1", 1, 1, ()),
        "tilt": ("tilt", "deg", 1, 1, ()),
        "temperature": ("temperature", "Cel", 1, 1, ()),
    },
    "lamp": {
        "level": ("dimmingLevel", "1", 1, 100, ()),
        "lux": ("illuminance", "lx", 1, 1, ("suspect", "saturated")),
        "presence": ("presence", "1", 1, 1, ("suspect",)),
        "passages": ("passageCount", "1", 1, 1, ("suspect",)),
        "energy": ("energy", "W.h", 1, 1, ()),
        "power": ("activePower", "W", 1, 10, ()),
        "mains": ("mainsVoltage", "V", 1, 1, ()),
    },
    "people": {
        "inbound": ("inboundCount", "1", 1, 1, _OF_PEOPLE),
        "outbound": ("outboundCount", "1", 1, 1, _OF_PEOPLE),
        "hidden": ("hiddenShare", "1", 1, 100, _OF_PEOPLE),
    },
    "parking": {
        "occupied": ("occupancy", "1", 1, 1, ("suspect", "conflict", "uncalibrated")),
        "since": ("stateDuration", "min", 1, 1, ()),
        "field": ("fieldShift", "uT", 1, 1000, ("suspect",)),
        "battery": _BATTERY_READING,
    },
    "counter": {
        "total": ("peopleCount", "1", 1, 1, ("suspect",)),
        "battery": _BATTERY_READING,
        "presence": ("presence", "1", 1, 1, ("suspect",)),
    },
}
"""payload -> {field: (property, UCUM unit, numerator, denominator, quality flags)}.

The property's value is the field's times numerator, by denominator. quality flags: the one-bit
fields of the same record that qualify this value, by their own name.
"""

TAKERS = {"dim": ("lamp",), "programme": ("lamp",)}
"""command -> the profiles that carry it out; every profile where a command is not here."""

_SEQ = ("", "counts this device's readings of all kinds, wraps; a gap is a missing reading")
_AGE = ("s", "from the measurement to its transmission; absent: older, or over a restart")
_TEXT = (
    "",
    "last line of the exception: 6 bytes of UTF-8, leading zeros left out; absent: ended before",
)
_TEXT_ON = ("", "the next 6 bytes")
_BATTERY = ("mV", "supply under load; absent: not measured")
_EVENT = (
    "what became of the content since the reading before; overflow: it stands above the mark; "
    "absent: sent by an older firmware"
)
_TILTED = (
    "it leans, or its lid is open: the fill is the last one before that; absent: no tilt sensor"
)
_INBOUND = (
    "from the outer beam to the inner one since installation, as counted; 0 follows 999999; "
    "absent: nobody was counted, the beams were blind"
)
_HIDDEN = (
    "of this interval's people that others hid from the beams, estimated from how many passed: "
    "a count times 100 + this, by 100, is the corrected one"
)
_TOKEN = ("", "chosen by the sender, echoed by `applied`")
_EXPIRES = ("Unix s", "not to be executed after; absent: never expires")
_RAMP = ("s", "from the present level to the new one; absent: the lamp's own")
_HOLD = ("min", "back to the local rules after; absent: until the next command")
_REPORT = ("s", "a reading is sent at least this often; absent: as before")
_SAMPLE = ("s", "the sensor is read this often; absent: as before")

MEANING: "dict[str, tuple[str, dict[str, tuple[str, str]]]]" = {
    "bin": ("Fill of one container.", {
        "seq": _SEQ,
        "age": _AGE,
        "fill": ("%", "0 empty, 100 at the mark where it is to be emptied; absent: no echo"),
        "distance": ("mm", "median, sensor to surface; absent: no echo"),
        "valid": ("", "echoes that counted"),
        "spread": ("mm", "median distance of the echoes from their median"),
        "battery": _BATTERY,
        "obstructed": ("", "something stands right before the sensor"),
        "suspect": ("", "too few echoes, too much spread, or stuck"),
        "low_battery": ("", "below the board's limit"),
        "uncalibrated": ("", "empty distance not yet measured on site"),
        "event": ("", _EVENT),
        "alarm": ("", "of the container; absent: neither tilt sensor nor thermometer is fitted"),
        "tilted": ("", _TILTED),
        "tilt": ("deg", "from upright; 168: or more; absent: no tilt sensor"),
        "temperature": ("Cel", "in the container; 86: or more; absent: no thermometer"),
    }),
    "lamp": ("State of one street lamp.", {
        "seq": _SEQ,
        "age": _AGE,
        "level": ("%", "as driven at the pin"),
        "why": ("", "the rule that set the level"),
        "lux": ("lx", "ambient light, the lamp's own taken off; absent: sensor does not answer"),
        "presence": ("", "motion within the last seconds"),
        "passages": ("", "passages since the previous reading; 1022: or more"),
        "saturated": ("", "more light than the sensor can measure"),
        "suspect": ("", "the light sensor does not answer, or light or motion sensor is stuck"),
        "energy": ("Wh", "cumulative since installation; 0 follows 999999; absent: no meter"),
        "power": ("W/10", "active; 4092: or more; absent: no meter, or it does not answer"),
        "mains": ("V", "508: or more; absent: as power"),
    }),
    "counter": ("People counted at one place.", {
        "seq": _SEQ,
        "age": _AGE,
        "total": ("", "cumulative since installation, never reset: a lost reading loses no count"),
        "boots": ("", "low 4 bits of the device's starts: distinguishes a reset from a wrap"),
        "battery": _BATTERY,
        "presence": ("", "motion within the last seconds"),
        "suspect": ("", "the sensor is warming up or stuck"),
        "low_battery": ("", "below the board's limit"),
    }),
    "people": ("People who passed two beams, by direction.", {
        "seq": _SEQ,
        "age": _AGE,
        "inbound": ("", _INBOUND),
        "outbound": ("", "the other way; as `inbound`"),
        "hidden": ("%", _HIDDEN),
        "suspect": ("", "a beam is blocked, silent or flickers, or many breaks are no passage"),
        "low_battery": ("", "below the board's limit"),
        "partial": ("", "not all of the interval was counted: start, blind beams, a new time"),
        "open": ("", "measured within an interval; 0: at its end, by UTC, within 30 s"),
    }),
    "parking": ("State of one parking bay.", {
        "seq": _SEQ,
        "age": _AGE,
        "occupied": ("", "a vehicle stands in the bay; absent: unknown"),
        "since": ("min", "in this state; 8190: or more; absent: not known since the start"),
        "lasted": ("min", "the state before this one, which tells of an event that was lost"),
        "field": ("nT", "from the vacant bay's to the one measured; 50800: or more"),
        "battery": _BATTERY,
        "conflict": ("", "ranging and the field disagree"),
        "suspect": ("", "the state is unknown, or the sensor is sick"),
        "low_battery": ("", "below the board's limit"),
        "uncalibrated": ("", "the vacant bay's field is not yet measured on site"),
    }),
    "boot": ("The device started.", {
        "cause": ("", "why it started"),
        "profile": ("", "what it is; none: another than these"),
        "major": ("", "firmware version"),
        "minor": ("", "firmware version"),
        "patch": ("", "firmware version"),
        "boots": ("", "low 10 bits of the device's starts"),
        "config_version": ("", "counts changes of settings"),
        "first_seq": ("", "oldest reading still in the journal"),
        "next_seq": ("", "number the next reading will have; equal: the journal is empty"),
    }),
    "applied": ("The end of one command.", {
        "token": _TOKEN,
        "result": ("", "what became of it"),
        "reason": ("", "why"),
        "config_version": ("", "counts changes of settings"),
        "level": ("%", "at the pin after the ramp; absent for another command, here and below"),
        "ramp": ("s", "as applied"),
        "hold": ("min", "as applied"),
        "report_s": ("s", "as applied"),
        "sample_s": ("s", "as applied"),
        "count": ("", "readings that will be sent again; parts of a programme that are missing"),
        "version": ("", "of the programme that the lamp follows; absent: the command was another"),
    }),
    "safe": ("The device is in safe mode: it crashed again and again, and measures nothing.", {
        "crashes": ("", "runs in a row that ended by an exception or by the watchdog"),
        "cause": ("", "how the last of them ended: soft is an exception, watchdog a hang"),
        "text1": _TEXT,
        **{f"text{number}": _TEXT_ON for number in range(2, 4)},
    }),
    "status": ("What the device is and how it fares: each day, and when a sensor becomes sick.", {
        "major": ("", "firmware version"),
        "minor": ("", "firmware version"),
        "patch": ("", "firmware version"),
        "cause": ("", "why it started last"),
        "boots": ("", "the device's starts, wraps"),
        "config_version": ("", "counts changes of settings"),
        "battery": _BATTERY,
        "window_us": ("us", "largest own timing error of a receive window; absent: none opened"),
        "erases": ("", "of flash sectors since the start, by what was written; 1048574: or more"),
        "heap_free": ("B", "the least that was free; absent: the port does not tell"),
        "sensor1": ("", "what the first sick sensor measures; absent: no sensor is sick"),
        "sick1": ("", "in which ways it is sick"),
        **{f"{word}{number}": ("", f"the same of sick sensor {number}")
           for number in (2, 3) for word in ("sensor", "sick")},
        "text1": ("", "last line of the last exception, as in `safe`; absent: there was none"),
        **{f"text{number}": _TEXT_ON for number in range(2, 4)},
    }),
    "dim": ("Set the lamp's level.", {
        "token": _TOKEN,
        "expires": _EXPIRES,
        "level": ("%", "of full power"),
        "ramp": _RAMP,
        "hold": _HOLD,
        "over_presence": ("", "1: neither presence nor fail-safe raises this level; absent: 0"),
    }),
    "interval": ("Change how often the device measures and reports.", {
        "token": _TOKEN,
        "expires": _EXPIRES,
        "report_s": _REPORT,
        "sample_s": _SAMPLE,
    }),
    "resend": ("Send readings of the journal again.", {
        "token": _TOKEN,
        "expires": _EXPIRES,
        "first": ("", "first sequence number"),
        "count": ("", "how many"),
    }),
    "reboot": ("Restart the device.", {
        "token": _TOKEN,
        "expires": _EXPIRES,
    }),
    "programme": ("One part of a lamp's programme; it is followed when all parts are there.", {
        "token": _TOKEN,
        "expires": _EXPIRES,
        "version": ("", "the same in all parts of a programme"),
        "size": ("", "bytes of the whole programme"),
        "at": ("", "which part this is, from 0; all but the last are full"),
        "data1": ("", "6 bytes of the programme, see firmware/wire/programme.py"),
        "data2": _TEXT_ON,
    }),
}  # fmt: skip
"""name -> (sentence, {field: (unit, meaning)})."""

_ABSENT = dict.fromkeys(("level", "ramp", "hold", "report_s", "sample_s", "count", "version"))
_NO_TEXT = dict.fromkeys(f"text{number}" for number in range(1, 4))
_WELL = {"sensor1": None, "sick1": 0, "sensor2": None, "sick2": 0, "sensor3": None, "sick3": 0}
_FLAGS = {"obstructed": 0, "suspect": 0, "low_battery": 0, "uncalibrated": 0}
_BARE = dict.fromkeys(("alarm", "tilted", "tilt", "temperature"))
_UNMETERED = dict.fromkeys(("energy", "power", "mains"))

EXAMPLES: "dict[str, tuple[dict[str, int | None], ...]]" = {
    "bin": (
        {"seq": 1, "age": 0, "fill": 73, "distance": 412, "valid": 7, "spread": 3,
         "battery": 3300, **_FLAGS, "event": 0, **_BARE},
        {"seq": 65535, "age": None, "fill": None, "distance": None, "valid": 0, "spread": None,
         "battery": None, **_FLAGS, "suspect": 1, "event": None, **_BARE},
        {"seq": 7, "age": 0, "fill": 4, "distance": 1160, "valid": 7, "spread": 2,
         "battery": 3600, **_FLAGS, "event": 2, "alarm": 0, "tilted": 0, "tilt": 12,
         "temperature": 21},
        {"seq": 8, "age": 0, "fill": 100, "distance": 60, "valid": 6, "spread": 9,
         "battery": 3600, **_FLAGS, "obstructed": 1, "event": 1, "alarm": 3, "tilted": 1,
         "tilt": 36, "temperature": 86},
    ),
    "lamp": (
        {"seq": 9, "age": 10, "level": 40, "why": 5, "lux": 12, "presence": 1, "passages": 3,
         "saturated": 0, "suspect": 0, **_UNMETERED},
        {"seq": 10, "age": 0, "level": 100, "why": 2, "lux": 3, "presence": 0, "passages": 0,
         "saturated": 0, "suspect": 0, "energy": 123456, "power": 382, "mains": 232},
        {"seq": 300, "age": 259200, "level": 100, "why": 4, "lux": None, "presence": 0,
         "passages": None, "saturated": 0, "suspect": 1, **_UNMETERED},
    ),
    "counter": (
        {"seq": 2, "age": 0, "total": 70000, "boots": 3, "battery": 3600, "presence": 0,
         "suspect": 0, "low_battery": 0},
        {"seq": 4095, "age": 600, "total": 4294967295, "boots": 15, "battery": 2000,
         "presence": 1, "suspect": 0, "low_battery": 1},
    ),
    "people": (
        {"seq": 3, "age": 0, "inbound": 70000, "outbound": 999999, "hidden": 4, "suspect": 0,
         "low_battery": 0, "partial": 0, "open": 0},
        {"seq": 4096, "age": 900, "inbound": None, "outbound": None, "hidden": None, "suspect": 1,
         "low_battery": 0, "partial": 1, "open": 0},
    ),
    "parking": (
        {"seq": 4, "age": 0, "occupied": 1, "since": 0, "lasted": 95, "field": 12400,
         "battery": 3600, "conflict": 0, "suspect": 0, "low_battery": 0, "uncalibrated": 0},
        {"seq": 4097, "age": None, "occupied": None, "since": None, "lasted": None,
         "field": None, "battery": None, "conflict": 0, "suspect": 1, "low_battery": 0,
         "uncalibrated": 1},
    ),
    "boot": (
        {"cause": 0, "profile": 1, "major": 0, "minor": 1, "patch": 0, "boots": 1,
         "config_version": 1, "first_seq": 0, "next_seq": 0},
        {"cause": 4, "profile": 2, "major": 15, "minor": 63, "patch": 63, "boots": 1023,
         "config_version": 65535, "first_seq": 65530, "next_seq": 4},
    ),
    "applied": (
        {"token": 513, "result": 0, "reason": 0, "config_version": 7, **_ABSENT, "level": 40,
         "ramp": 1},
        {"token": 65535, "result": 1, "reason": 4, "config_version": 0, **_ABSENT},
    ),
    "safe": (
        {"crashes": 5, "cause": 1, **_NO_TEXT, "text1": 0x4F534572726F,
         "text2": 0x723A2035},
        {"crashes": 65535, "cause": 2, **_NO_TEXT},
    ),
    "status": (
        {"major": 0, "minor": 1, "patch": 0, "cause": 0, "boots": 3, "config_version": 2,
         "battery": 3600, "window_us": 310, "erases": 96, "heap_free": 120000, **_WELL,
         **_NO_TEXT},
        {"major": 15, "minor": 63, "patch": 63, "cause": 2, "boots": 65535,
         "config_version": 65535, "battery": None, "window_us": None, "erases": 1048574,
         "heap_free": 655340, **_WELL, "sensor1": 0, "sick1": 6, "sensor2": 7, "sick2": 1,
         **_NO_TEXT, "text1": 0x4F534572726F, "text2": 0x723A2035},
    ),
    "dim": (
        {"token": 513, "expires": 1795572000, "level": 40, "ramp": 1, "hold": None,
         "over_presence": None},
        {"token": 1, "expires": None, "level": 0, "ramp": None, "hold": 10080,
         "over_presence": 1},
    ),
    "interval": (
        {"token": 514, "expires": None, "report_s": 60, "sample_s": None},
        {"token": 515, "expires": 1795572000, "report_s": 86400, "sample_s": 86400},
    ),
    "resend": (
        {"token": 516, "expires": None, "first": 100, "count": 8},
        {"token": 517, "expires": 4294967294, "first": 65535, "count": 254},
    ),
    "reboot": (
        {"token": 518, "expires": 1795572000},
        {"token": 519, "expires": None},
    ),
    "programme": (
        {"token": 520, "expires": None, "version": 1, "size": 14, "at": 0,
         "data1": 0x000104010114, "data2": 0xF60000010000},
        {"token": 521, "expires": 1795572000, "version": 65535, "size": 240, "at": 19,
         "data1": 0xFFFFFFFFFFFF, "data2": 1},
    ),
}  # fmt: skip
"""name -> values; their bytes stand in `gateway/generated/vectors.json`."""
