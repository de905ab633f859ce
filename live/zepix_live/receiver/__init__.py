"""The receiver: takes alerts over HTTP, makes them durable, answers. It trades nothing and knows no strategy.

It is small on purpose (no numpy, pandas or engine): it starts in a moment and stays up while the engine restarts.
"""
