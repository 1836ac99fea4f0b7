"""New strategies: complete packages, written from templates that are part of skim."""
