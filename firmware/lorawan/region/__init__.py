"""One file per region of RP002; its name is what the setting `region` says."""
