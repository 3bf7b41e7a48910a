"""The Bot API methods that the simulator does, a module per kind."""
