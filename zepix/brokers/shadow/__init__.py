"""The shadow broker: a simulated account after docs/fills.md, in an array form and a step form."""
