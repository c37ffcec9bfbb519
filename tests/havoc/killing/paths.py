"""What a victim does until it is killed, and what others may have seen of it then."""

from __future__ import annotations

from tests.havoc.killing.ends import ENDS
from tests.havoc.killing.path import Path
from tests.havoc.killing.talks import TALKS
from tests.havoc.killing.ties import TIES
from tests.havoc.killing.trees import TREES

PATHS: dict[str, type[Path]] = {path.name: path for path in (*TALKS, *TIES, *ENDS, *TREES)}
