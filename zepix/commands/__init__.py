"""The verbs of the command line, one file each; what they need is imported when they run, so that help is instant."""
