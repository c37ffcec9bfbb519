"""The engines of the behaviours: what `gen_server` and `supervisor` run in their processes."""
