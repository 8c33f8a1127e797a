"""Settings for all tests: laws are checked on their values, not on the speed of a machine that others share."""

from hypothesis import settings

settings.register_profile("lowlift", deadline=None)
settings.load_profile("lowlift")
