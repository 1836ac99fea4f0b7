"""The plugin ``gateway`` (group ``skim.extensions``)."""
