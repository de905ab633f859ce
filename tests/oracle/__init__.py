"""The naive oracle: a third, slow reading of the fill model that shares no code with zepix."""
