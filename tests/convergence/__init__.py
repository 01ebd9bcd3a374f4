"""Law 3 as a machine: a library that anything may happen to, and what must hold when it rests."""
