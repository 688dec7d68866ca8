"""Which rule of the service standards is kept by what, and which test has shown it: coverage that cannot lie.

Rule 1: a test says what it proves, `@pytest.mark.rule("S000-03")`; only a run says whether it did.
Rule 2: docs/coverage.md is generated from the tests, the standards and the sources, and holds no verdict and no date.
Rule 3: a result is believed only of the sources it was measured on, and only of a whole stage.
"""
