"""The whole runner in one process under one virtual clock; docs/simulation.md says what is simulated."""
