"""Configuration: skim.toml and SKIM_* variables."""
