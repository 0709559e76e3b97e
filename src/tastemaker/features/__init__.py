"""Item columns -> named blocks of numbers; encoders are fitted on training items only."""
