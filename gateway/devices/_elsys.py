"""What ELSYS's sensors share: a type, then its value, most significant byte first, on any port.

Source: TheThingsNetwork/lorawan-devices, vendor/elsys: elsys (types, scales); ELSYS, Sensor
payload. Acceleration is in 63rds of standard gravity.
"""

from gateway.devices._channels import Channel
from gateway.devices._fields import Number, Skip
from gateway.devices._table import Table


def _axis(name: str) -> Number:
    return Number(name, "[g]", "b", over=63)


def _input(name: str, unit: str, layout: str, over: int = 1) -> Channel:
    return Channel((Number(name, unit, layout, over=over),))


TABLE = Table(
    {
        "01": _input("temperature", "Cel", ">h", 10),
        "02": _input("relativeHumidity", "1", "B", 100),
        "03": Channel((_axis("accelerationX"), _axis("accelerationY"), _axis("accelerationZ"))),
        "04": _input("illuminance", "lx", ">H"),
        "05": _input("motionCount", "1", "B"),
        "06": _input("co2", "[ppm]", ">H"),
        "07": _input("batteryVoltage", "V", ">H", 1000),
        "08": _input("analogInput", "V", ">H", 1000),
        "09": Channel((Skip(6),)),  # position, which none of these measures
        "0a": _input("pulseCount", "1", ">H"),
        "0b": _input("pulseTotal", "1", ">I"),
        "0c": _input("externalTemperature", "Cel", ">h", 10),
        "0d": _input("digitalInput", "1", "B"),
        "0e": _input("distance", "mm", ">H"),
        "0f": _input("vibrationCount", "1", "B"),
        "10": Channel(
            (
                Number("infraredInternalTemperature", "Cel", ">h", over=10),
                Number("infraredTemperature", "Cel", ">h", over=10),
            )
        ),
        "11": _input("occupancyState", "1", "B"),  # 0: none, 1: pending, 2: occupied
        "12": _input("waterLeak", "1", "B"),
        "13": Channel((Skip(65),)),  # a picture of temperatures
        "14": _input("airPressure", "hPa", ">i", 1000),
        "15": Channel((Number("soundPeak", "dB", "B"), Number("soundAverage", "dB", "B"))),
        "16": _input("pulseCount2", "1", ">H"),
        "17": _input("pulseTotal2", "1", ">I"),
        "18": _input("analogInput2", "V", ">H", 1000),
        "19": _input("externalTemperature2", "Cel", ">h", 10),
        "1a": _input("digitalInput2", "1", "B"),
        "1b": _input("loadCell", "V", ">i", 1_000_000),
        "1c": _input("tvoc", "[ppb]", ">H"),
        "3d": Channel((Skip(4),)),  # of the maker
    }
)
