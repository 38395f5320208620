"""The gateway: readings go from the street to the city's backend, commands the other way."""
