"""A LoRaWAN 1.0.4 device, class A and C. It knows no radio, no clock and no flash."""
