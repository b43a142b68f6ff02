"""The command line: a door. It asks use cases, shows what they give, and turns errors into exit codes."""
