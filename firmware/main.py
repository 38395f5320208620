"""Start the node. Ctrl-C ends it and leaves the MicroPython prompt, with the watchdog off."""

try:
    from node.app import main
except Exception as error:
    from installed import explain

    for line in explain(error):
        print(line)
else:
    main()
