"""The only code that knows ARI."""
