"""Site files: plants as data sheets in TOML."""
