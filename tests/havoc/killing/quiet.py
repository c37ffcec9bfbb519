"""Preloaded into the node: nothing is logged of those who are meant to die."""

from __future__ import annotations

import logging

logging.getLogger("otp").setLevel(logging.CRITICAL + 1)
