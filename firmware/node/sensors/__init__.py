"""One file a sensor, named as the chip; its class has the same name in capitals."""
