"""The page of personas and defects, written from their tables: ``python -m modality.cli.environment.awkward``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import click

from modality.iods.personas.persona import Persona, load_persona, personas
from modality.transfer.defects.defect import Defect
from modality.transfer.defects.table import DEFECTS

_HEAD = """# Awkward instances

Written from the tables by `make reference`; a test holds it to them.

## Personas: legal, and still a trial

A persona is a machine every habit of which the standard allows, and some archive does not expect: private blocks,
character sets, lengths left open, values at their limits.

    modality generate ct --persona kanji --slices 4 -o out
    modality generate ct --persona mine.toml --slices 4 -o out
    modality list personas

In Python `modality.generate("ct", persona="kanji")`, in a test `dicom_study("ct", persona="kanji")`; in the
configuration of `generate study` the key `persona` stands at the top, for the patient and every machine, or in a
`[[series]]`, for its own; `modality perform --persona` takes the patient from the order. The pixels are those of the
same seed without a persona; the UIDs are others. A persona is a TOML, commented, in `configs/personas`; one of your
own says what it wants of the same.

dciodvfy finds no error in any of them but in `multibyte`, where it counts bytes and PS3.5 6.2 counts characters. What
it warns of: private elements that it does not know, the retired group lengths of `veteran`, and a Study ID that a
DICOMDIR would need (`hanzi`; `--media` gives the record one). Orthanc gives each element back but for trailing
padding, which has no significance (PS3.10 7.2), and group lengths aside; of a name of some hundred bytes its index
holds nothing. In Explicit VR Big Endian a UN has a length in every persona.
"""
_ATTRIBUTES = """
## Attributes of your own, private ones too

`--set Keyword=Value` sets one attribute, a TOML many; both are held to the dictionary and to the IOD. A private
dictionary names private attributes, in whichever block their creator gets:

    [attributes]
    StationName = "ROOM 1"
    DoseIndex = [1.5, 2.5]

    [[private]]
    creator = "ACME 1.1"
    group = 0x0029
    attribute = [{ element = 0x10, vr = "FD", vm = "2", name = "DoseIndex" }]

They are written by

    modality generate ct --attributes acme.toml --set 'DoseIndex=3\\4' --slices 4 -o out

and in the configuration of `generate study` the same `[[private]]` stands at the top, and `set` names its attributes.
They are read by name again, in implicit VR too, where a file does not tell what they are:

    modality private out --private-dictionary acme.toml

lists every private element, those in sequences too, by that dictionary, by those of the personas, which need not be
named, and by pydicom's table of vendors'; it tells of creators that none of them knows. A dictionary that is only read
by may also have VRs that no text can write, such as SQ or OB. In Python:

    from pathlib import Path
    from pydicom import dcmread
    from modality import config
    from modality.iods.setting.file import AttributeFile
    from modality.iods.setting.private import PrivateDictionary

    told = config.load(Path("acme.toml"), AttributeFile)
    PrivateDictionary(told.private).values(dcmread("out/image.dcm"))["DoseIndex"]"""
_DEFECTS = """
## Defects: for negative tests

A defect breaks one thing, and says which clause. Nothing has one unless it was asked for by name.

    modality generate ct --defect no-rows --slices 4 -o out
    modality generate ct --defect odd-fragment --transfer-syntax RLELossless --slices 4 -o out
    modality generate ct --set ImageType= --defect empty-type-1 --slices 4 -o out
    modality generate ct --set PatientSex=X --defect not-enumerated --slices 4 -o out
    modality list defects

`--defect` repeats. A defect is in each instance, those of a series in the last one alone; file names, the file meta
information, the SOP Instance UID that a C-STORE would name, and the UIDs stay as they are without it. `truth.json`, the
JSON of `generate` and a cohort's manifest name what was put in. In a configuration `defects = ["no-rows"]` stands in a
`[[series]]`, in Python `modality.generate("ct", defects=["no-rows"])`. What a kind cannot have is refused before
anything is made: pixels of a report, fragments of native pixels, a data set in another transfer syntax than explicit VR
little endian.

The same table serves a load: `modality load ... --fault malformed,defect=NAME` sends what a C-STORE can carry, which is
all that is called *data set* here, but for fragments.
"""


def page() -> str:
    """All of it, as Markdown."""
    return "\n".join([_HEAD, *_personas(), _ATTRIBUTES, _DEFECTS, *_defects(), ""])


def _personas() -> Iterator[str]:
    found = [(name, load_persona(name)) for name in personas()]
    rows = [(f"`{name}`", one.title, ", ".join(_habits(one))) for name, one in found]
    yield from _table(("persona", "what it is", "habits"), rows)


def _habits(persona: Persona) -> Iterator[str]:
    """What a persona does, in a few words each."""
    encoding = persona.encoding
    if persona.character_set:
        yield f"character set `{persona.character_set}`"
    if encoding.lengths != "defined":
        yield f"lengths {encoding.lengths}"
    if encoding.group_lengths:
        yield "group lengths"
    if encoding.trailing_padding:
        yield f"{encoding.trailing_padding} bytes of trailing padding"
    if encoding.padded:
        yield f"{len(encoding.padded)} attributes filled up with spaces"
    if encoding.preamble != "zero":
        yield f"preamble {encoding.preamble}"
    if encoding.fragment:
        yield f"fragments of {encoding.fragment} bytes"
    if not encoding.offset_table:
        yield "empty offset table"
    if persona.times:
        yield f"{len(persona.times)} times of another precision"
    if persona.long_uids:
        yield "UIDs of 64 characters"
    if persona.unknown_of_patient:
        yield f"patient's {' and '.join(persona.unknown_of_patient)} empty".replace("_", " ")
    yield from (f"private ({block.group:04X},{block.at:02X}xx) `{block.creator}`" for block in persona.block)


def _defects() -> Iterator[str]:
    rows = [(f"`{name}`", one.what, one.clause, _where(one)) for name, one in DEFECTS.items()]
    yield from _table(("defect", "what is wrong", "clause", "in"), rows)


def _where(defect: Defect) -> str:
    return f"{defect.scope}; {defect.needs} needed" if defect.needs else defect.scope


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' for _ in head)} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"


if __name__ == "__main__":
    click.echo(page(), nl=False)
