"""The studio: sentences become recordings a telephone plays well; and what keeps them so.

    script → a master recording, or a voice → band → trim → loudness → NAME.wav → the PBX's native formats

    scripts.py    what is to be said: the sentences of a standard's languages, and the pieces
    voice.py      any command that writes a sound file is a voice; engines.py says which one speaks
    masters.py    what voice talents record; cutting.py is the only importer of pydub
    acoustics.py  band and loudness; recording.py measures a finished file
    build.py      renders what changed, known by the content hashes of manifest.py; native.py adds the formats
    lint.py page.py sheet.py takes.py   for the person who signs the recordings off

Rule 1: rendered ahead of time, never on a call.
Rule 2: a file is there whole or not at all, and the manifest beside it says what it was made from.
Rule 3: nothing is imported here: who runs a hotline needs neither pydub nor soxr.
"""
