"""What a device can be: the facts that node and gateway share, one entry a profile.

A profile's fields, state and commands are `node/profiles/<name>.py`; its number in the `boot`
payload is its place in `wire.words.PROFILES`.
"""

PROFILES = {
    "bin": {
        "payload": "bin",
        "class": "A",
        "roles": ("distance",),
        "report_s": 3600,
        "sample_s": 600,
        "watch": ("fill", "delta"),
    },
    "lamp": {
        "payload": "lamp",
        "class": "C",
        "roles": ("light", "motion"),
        "report_s": 3600,
        "sample_s": 30,
        "watch": ("why", None),
    },
    "counter": {
        "payload": "counter",
        "class": "A",
        "roles": ("motion",),
        "report_s": 900,
        "sample_s": 900,
        "watch": None,
    },
}
"""name -> facts.

payload: entry of `wire.schema.PAYLOADS`.  class: LoRaWAN class; A runs on a battery and sleeps, C
on mains and listens.  roles: the sensors it needs, as the board file names them.  report_s,
sample_s: default intervals in s.  watch: the field whose change is sent before the report is due,
and the setting with the least change that counts (None: any change); None: no field.
"""
