"""What the first version of skim's plugin contract has to go on keeping."""
