"""The HTTP API: a process of its own that only reads, and hands every command on to the receiver.

It keeps the database up with the journal, answers questions, gives figures and tells events as they happen. It may die
or hang, and nothing that trades notices.
"""
