"""A module that must not be imported where processes are forked: it starts a thread."""

import threading

threading.Thread(target=threading.Event().wait, daemon=True).start()
