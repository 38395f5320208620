"""What a caller can ask of the gateway, once, under the command line and the REST API alike."""
