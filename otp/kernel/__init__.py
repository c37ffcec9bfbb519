"""The kernel and the launchers: who is alive, who is linked to whom, who has which name."""
