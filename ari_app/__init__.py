"""The automated front line of a telephone hotline, beside Asterisk."""

__version__ = "0.1.0"
