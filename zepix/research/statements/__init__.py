"""Statements of brokers as closed positions: MetaTrader 5's history, and any table with a map of its columns."""
