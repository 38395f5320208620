"""Compares the decoder of the emulated ESP32 with capstone over MicroPython's whole image.

    python -m tools.compare_decoder

For whoever changes the decoder; capstone is no dependency of the project (only its alpha releases
know Xtensa): `pip install capstone==6.0.0a11` into a virtual environment of your own.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections import Counter
from typing import Any

from tools.setup import paths

LISTING = paths.ROOT / "tools/bench/sim/esp32/xtensa/listing.mjs"
ALIASES = {
    "nop": {"memw", "rsync", "isync", "esync", "dsync", "excw", "wdtlb", "witlb"},
    "wur": {"wur.fcr", "wur.fsr"},
}
"""Names of ours that stand for several: waits and the MMU's, which do nothing here.
capstone spells `call`, `callx` and `mac16` out."""
WRONG = {("movi.n", "break.n"), ("ill", "simcall")}
"""What capstone 6.0.0a11 takes for something else than the ISA manual's table says."""
OTHER_CHIPS = {"clr_bit_gpio_out", "set_bit_gpio_out", "wr_mask_gpio_out"}
"""Instructions of the ESP32-S2 and S3 that capstone knows in the ESP32's mode too."""
UNKNOWN = {
    "ill", "beqz.n", "bnez.n", "nop.n", "break.n", "mac16", "xsr", "rsr", "wsr", "rur", "wur",
    "nop", "s32i", "l32i", "ssa8b",
}  # fmt: skip
"""Where capstone knows nothing: instructions that it lacks, and for `rsr` and the like registers
that it lacks; `nop`, `s32i` and `l32i` are ours for reserved and synchronised forms."""


def same(ours: str, turn: int, theirs: str) -> bool:
    """Whether two names are one instruction. turn: the registers that a call turns, by 4."""
    if ours in {"call", "callx"}:
        return theirs == f"{ours}{4 * turn}"
    if ours == "mac16":
        return theirs.startswith(("mula", "muls", "mul.", "umul", "lddec", "ldinc"))
    return theirs == ours or theirs in ALIASES.get(ours, ())


def main() -> None:
    """Prints counts; exits 1 where the two differ."""
    capstone: Any = importlib.import_module("capstone")
    reader = capstone.Cs(capstone.CS_ARCH_XTENSA, capstone.CS_MODE_XTENSA_ESP32)
    command = [str(paths.NODE), str(LISTING), str(paths.FIRMWARE_ESP32)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    counts: Counter[str] = Counter()
    for line in lines:
        address, size, ours, turn, word = line.split()
        code = int(word).to_bytes(3, "little")
        found = next(reader.disasm_lite(code, int(address), 1), None)
        if found is None:
            kind = "capstone knows nothing" if ours in UNKNOWN else f"only ours: {ours}"
        elif (ours, found[2]) in WRONG or found[2] in OTHER_CHIPS:
            kind = "capstone is wrong"
        elif ours == found[2] == "ill":
            kind = "equal"  # the walk passes what is no instruction by a byte, ILL too
        elif found[1] == int(size) and same(ours, int(turn), found[2]):
            kind = "equal"
        else:
            kind = f"different: {ours}, {found[2]} of {found[1]} bytes"
        counts[kind] += 1
    for kind, count in counts.most_common():
        print(f"{count:>7} {kind}")
    sys.exit(any(kind.startswith(("only", "different")) for kind in counts))


if __name__ == "__main__":
    main()
