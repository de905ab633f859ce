"""Sweeps: one replay for each cell of a grid, of random draws or of a search, resumable, on one machine or many.

``space`` says which cells there are, ``job`` what one cell is, ``store`` keeps the results by content hash, ``driver``
turns the loop; ``local`` and ``cluster`` run cells in processes and on Dask, ``search`` asks Optuna for the next cell.
"""
