"""Pixel codecs: one frame to the bytes of an encapsulated transfer syntax, and back (PS3.5 section 8.2).

`modality.transfer.codecs.table` says which syntaxes there are and what each carries; an `Encoding` of it is all that
the rest of the project needs. imagecodecs, from the extra ``codecs``, is imported when a frame needs it.
"""
