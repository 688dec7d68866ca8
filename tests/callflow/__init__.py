"""The tools that make a standard readable: told, compared, proofread, drawn, rehearsed."""
