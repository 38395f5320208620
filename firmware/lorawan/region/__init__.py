"""One file of literals per region of RP002; its name is a value of the setting `region`."""
