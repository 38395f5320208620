"""The bench: boards, air, network server, gateway and backend on one machine, emulated."""
