"""Compiled arithmetic: arrays and scalars in, arrays and scalars out; no clock, no file, no state of its own."""
