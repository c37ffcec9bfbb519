"""Both ends of a pipe: what bytes mean, where they lie, how one waits for them."""
