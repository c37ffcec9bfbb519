"""Inside every process: its mailbox, its way out, who it is, how it begins and ends."""
