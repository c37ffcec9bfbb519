"""Preloaded into every process that is measured: what is killed on purpose is not reported."""

import logging

logging.getLogger("otp").setLevel(logging.CRITICAL + 1)
