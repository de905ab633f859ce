"""The database of the live runner: what its journal says, as tables that can be searched, and plugins' own data.

Everything in here loads SQLAlchemy, which costs most of a second; whoever needs it imports it where it is used. Nothing
of it is loaded by this package itself. The tables are a projection of the journal: they can be thrown away and made
again (``rebuilding.py``), and nothing that trades waits for them.
"""
