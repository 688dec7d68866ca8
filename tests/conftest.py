"""What every test of the house shares: what it proves is written down."""

pytest_plugins = ("tests.coverage.plugin",)
