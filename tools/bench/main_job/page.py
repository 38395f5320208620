"""The page of the gateway, with the street on its map, for whoever runs `make run`."""

from __future__ import annotations

import secrets
from math import cos, radians
from pathlib import Path

from tools.bench.main_job.service import GatewayService

PLACE = (48.8566, 2.3522)
"""Where the emulated street lies on the map: latitude and longitude."""
M_PER_DEGREE = 111_195.0
USER = "street"


async def open_page(
    service: GatewayService, folder: Path, positions_m: dict[str, tuple[int, int]]
) -> str:
    """Place the nodes on the map and let one person in; returns how to open the page.

    positions_m: of each node by name, east and north.
    """
    lines = ["id,kind,lat,lon,street"]
    for name, (east, north) in positions_m.items():
        lat = PLACE[0] + north / M_PER_DEGREE
        lon = PLACE[1] + east / M_PER_DEGREE / cos(radians(PLACE[0]))
        lines.append(f"{name.upper()}-1,{name},{lat:.6f},{lon:.6f},the emulated street")
    listed = folder / "assets.csv"
    listed.write_text("\n".join(lines) + "\n")
    await service.cli("asset", "import", str(listed))
    for name in positions_m:
        await service.cli("asset", "assign", f"{name}-1", name)
    password = secrets.token_urlsafe(9)
    await service.cli("user", "add", USER, "--role", "operator", given=f"{password}\n")
    return f"page: http://{service.bind}/ui/ (name {USER}, password {password})"
