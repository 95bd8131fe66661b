"""A PDF goes in and comes out as the same bytes, and what is no PDF does not."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread

from modality.errors import InputError
from modality.identity import Identity, Patient
from modality.iods.captured import prepared
from modality.iods.context import Context, Series, Study
from modality.iods.documents.content import Pdf
from modality.iods.documents.encapsulated_pdf import describe
from tests.iods.captured_samples import PDF, TAKEN
from tests.peers.process import program

WHO = Identity(1)
CONTEXT = Context(Patient("1", "A^B"), Study("1.2", TAKEN), Series("1.3", 1, TAKEN, "1.4"), WHO)


@pytest.mark.parametrize("data", [PDF, PDF.replace(b"endobj", b" endobj")], ids=["one length", "one byte more"])
def test_its_bytes_stay_and_their_number_is_told(data, tmp_path):
    prepared(describe(Pdf(data, TAKEN, "Bericht über Jörg"), CONTEXT)).write(tmp_path / "one.dcm")
    dataset = dcmread(tmp_path / "one.dcm")
    assert dataset.EncapsulatedDocumentLength == len(data)
    assert dataset.EncapsulatedDocument == data + bytes(len(data) % 2)
    assert dataset.MIMETypeOfEncapsulatedDocument == "application/pdf"
    assert (dataset.Modality, dataset.ConversionType, dataset.BurnedInAnnotation) == ("DOC", "WSD", "YES")
    assert dataset.DocumentTitle == "Bericht über Jörg"


@pytest.mark.peer
@pytest.mark.parametrize("data", [PDF, PDF.replace(b"endobj", b" endobj")], ids=["one length", "one byte more"])
def test_dcmtk_takes_the_same_file_out(data, tmp_path):
    prepared(describe(Pdf(data, TAKEN), CONTEXT)).write(tmp_path / "one.dcm")
    subprocess.run([program("/usr/bin/dcm2pdf"), tmp_path / "one.dcm", tmp_path / "one.pdf"], check=True, timeout=100)
    assert (tmp_path / "one.pdf").read_bytes() == data


def test_what_is_not_known_of_it_is_empty():
    dataset = describe(Pdf(PDF, TAKEN, identified=False), CONTEXT)
    assert dataset.DocumentTitle == ""
    assert list(dataset.ConceptNameCodeSequence) == []
    assert (dataset.AcquisitionDateTime, dataset.BurnedInAnnotation) == ("", "NO")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "inbox/a.pdf: empty, and no PDF"),
        (b"\xff\xd8\xff\xe0 JFIF", "inbox/a.pdf: not a PDF: no %PDF- at its start"),
        (b" " * 1020 + PDF, "inbox/a.pdf: not a PDF: no %PDF- at its start"),
        (PDF[:40], "inbox/a.pdf: the PDF breaks off: no %%EOF at its end; was it copied as a whole?"),
    ],
)
def test_what_is_no_whole_pdf_is_refused_with_its_reason(data, reason):
    with pytest.raises(InputError) as refused:
        describe(Pdf(data, TAKEN, source="inbox/a.pdf"), CONTEXT)
    assert str(refused.value) == reason


def test_a_title_keeps_no_control_characters_and_is_not_too_long():
    assert describe(Pdf(PDF, TAKEN, "a\0b\x1b\\c"), CONTEXT).DocumentTitle == "ab\\c"
    with pytest.raises(InputError, match="title is longer than 1024"):
        describe(Pdf(PDF, TAKEN, "x" * 1025), CONTEXT)


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda middle: b"%PDF-" + middle + b"%%EOF"))
def test_any_bytes_are_described_or_refused(data):
    try:
        dataset = describe(Pdf(data, TAKEN), CONTEXT)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert dataset.EncapsulatedDocument[: dataset.EncapsulatedDocumentLength] == data
