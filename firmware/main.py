"""Start the node. Ctrl-C ends it and leaves the MicroPython prompt, with the watchdog off."""

from node.app import main

main()
