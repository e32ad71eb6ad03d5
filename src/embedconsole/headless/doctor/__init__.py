"""`doctor`: all that somebody who is to help needs to see, in one text without a secret."""
