"""The pytest plugin as a project of somebody else's uses it: scratch projects, each run by a pytest of its own."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers.process import is_open, wait_until

pytest_plugins = ("pytester",)

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def project(pytester: pytest.Pytester) -> Run:
    """Runs a scratch project of one test file."""

    def run(source: str, *options: str) -> pytest.RunResult:
        pytester.makeini("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
        pytester.makepyfile(test_viewer=textwrap.dedent(source))
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *options, timeout=100)

    return run


def test_a_study_is_stored_and_the_next_test_starts_with_an_empty_archive_at_the_same_address(project: Run) -> None:
    result = project(
        """
        seen = []

        def test_the_viewer_lists_the_study(simulated_archive, ct_study):
            seen.append(simulated_archive.address)
            assert simulated_archive.store(ct_study).complete
            assert simulated_archive.studies == [ct_study.uid]
            simulated_archive.assert_stored(ct_study)
            assert len(ct_study) == 10

        def test_another(simulated_archive, mr_study):
            assert simulated_archive.studies == []
            assert seen == [simulated_archive.address]
            assert len(list(mr_study)) == 10
        """
    )
    result.assert_outcomes(passed=2)


def test_what_is_missing_or_changed_is_named_with_both_values(project: Run) -> None:
    result = project(
        """
        import modality, pytest

        @pytest.mark.archive_fault(coerce={"PatientID": "OTHER"}, every=10)
        def test_coerced(simulated_archive, ct_study):
            simulated_archive.store(ct_study)
            simulated_archive.assert_stored(ct_study)

        def test_missing(simulated_archive, mr_study):
            simulated_archive.assert_stored(mr_study)

        def test_pixels(dicom_study):
            one, other = dicom_study("ct", slices=1), dicom_study("ct", slices=1)
            modality.assert_same_pixels(one, one)
            modality.assert_same_pixels(one, other)
        """
    )
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            "*ARCHIVE does not hold what was stored:*",
            "*: PatientID 'SIM*' became 'OTHER'",
            "*: not there",
            "*image 0: * of 4096 pixels differ, by * at most, at (*",
        ]
    )


def test_a_marker_says_what_goes_wrong_and_a_wrong_key_the_nearest(project: Run) -> None:
    result = project(
        """
        import pytest

        @pytest.mark.archive_fault(status=0xA700, every=10)
        def test_refuses(simulated_archive, ct_study):
            refused = simulated_archive.store(ct_study).refused
            assert list(refused) == [0xA700] and len(refused[0xA700]) == 1

        @pytest.mark.archive_fault("lose,every=2")
        def test_loses(simulated_archive, ct_study):
            simulated_archive.store(ct_study)
            assert len(simulated_archive.instances()) == 5

        @pytest.mark.archive_fault(statis=0xA700)
        def test_wrong(simulated_archive):
            pass
        """
    )
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*unknown key 'statis': did you mean 'status'?*"])


def test_a_ris_has_a_step_for_ct01_and_the_one_that_the_test_adds(project: Run) -> None:
    result = project(
        """
        import modality, pytest
        from modality.errors import ConfigurationError

        def scheduled(ris):
            return modality.Station("CT01", ris=ris.address, archive="nowhere").worklist(date="today")

        def test_by_default(simulated_ris):
            assert list(scheduled(simulated_ris))

        def test_added(simulated_ris, worklist):
            worklist.clear()
            item = worklist.add(patient_name="Doe^Jane", description="CT head")
            [step] = scheduled(simulated_ris)
            assert (step.patient.name, step.study_uid) == ("Doe^Jane", item.StudyInstanceUID)
            assert len(worklist) == 1
            with pytest.raises(ConfigurationError, match="did you mean 'patient_name'"):
                worklist.add(patient_nam="Doe^Jane")

        @pytest.mark.ris_fault(status=0x0110, on="find")
        def test_refusing(simulated_ris):
            with pytest.raises(modality.ModalityError, match="0110"):
                list(scheduled(simulated_ris))
        """
    )
    result.assert_outcomes(passed=3)


def test_the_same_seed_gives_the_same_studies_and_another_one_others(project: Run, tmp_path: Path) -> None:
    source = f"""
        from pathlib import Path

        def test_uid(dicom_study):
            uids = [dicom_study("ct", slices=1).uid, dicom_study("mr", slices=1).uid]
            assert len(set(uids)) == 2
            with open({str(tmp_path / "uids")!r}, "a") as file:
                print(*uids, file=file)
        """
    for options in ((), (), ("--modality-seed", "7")):
        project(source, *options).assert_outcomes(passed=1)
    first, second, other = (tmp_path / "uids").read_text().splitlines()
    assert first == second
    assert not set(first.split()) & set(other.split())


def test_a_study_is_of_the_phantom_asked_for_by_name_or_itself(project: Run) -> None:
    result = project(
        """
        import phantoms
        import pytest

        @pytest.mark.parametrize("phantom", ["water", phantoms.water()])
        @pytest.mark.parametrize("kind", ["ct", "nm", "us", "rtstruct"])
        def test_phantom(dicom_study, kind, phantom):
            study = dicom_study(kind, phantom=phantom)
            assert study.series[0].acquisition.phantom.name == "water"
            assert len(list(study)) == len(study) >= 1
        """
    )
    result.assert_outcomes(passed=8)


def test_two_workers_of_xdist_have_archives_of_their_own_and_no_port_stays_open(project: Run, tmp_path: Path) -> None:
    result = project(
        f"""
        import os, pytest, time

        @pytest.mark.parametrize("number", range(6))
        def test_alone(simulated_archive, ct_study, number):
            with open({str(tmp_path / "ports")!r}, "a") as file:
                print(simulated_archive.port, os.environ["PYTEST_XDIST_WORKER"], file=file)
            simulated_archive.store(ct_study)
            time.sleep(0.1)
            assert simulated_archive.studies == [ct_study.uid]
        """,
        *("-n", "2"),
    )
    result.assert_outcomes(passed=6)
    lines = [line.split() for line in (tmp_path / "ports").read_text().splitlines()]
    assert len({worker for _, worker in lines}) == 2
    for port, _ in lines:
        # Whoever else has been given it by the system meanwhile goes away too.
        wait_until(lambda port=int(port): not is_open(port), f"nobody listens at {port}")  # type: ignore[misc]


def test_a_test_that_uses_no_fixture_pays_for_nothing(project: Run) -> None:
    result = project(
        """
        import sys

        def test_nothing_is_loaded():
            assert not {"numpy", "pydicom", "pynetdicom", "starlette"} & set(sys.modules)
        """
    )
    result.assert_outcomes(passed=1)


def test_slides_fhir_and_a_whole_department_are_there(project: Run) -> None:
    result = project(
        """
        def test_slide(slide_study):
            kinds = {instance.dataset().ImageType[2] for instance in slide_study}
            assert {"VOLUME", "LABEL", "OVERVIEW"} <= kinds

        def test_fhir(simulated_fhir):
            assert simulated_fhir.resources() == [] and simulated_fhir.address.startswith("http://127.0.0.1:")

        def test_department(simulated_department, ct_study):
            simulated_department.archive.store(ct_study)
            assert simulated_department.archive.studies == [ct_study.uid]
            assert simulated_department.web_address.startswith("http://127.0.0.1:")

        def test_further_ones(fresh_archive, fresh_ris):
            one, other = fresh_archive(aet="ONE"), fresh_archive(aet="OTHER")
            assert one.port != other.port and fresh_ris().port
        """
    )
    result.assert_outcomes(passed=4)


def test_the_plugin_says_what_it_offers(project: Run) -> None:
    shown = project("def test_nothing(): pass", "--fixtures", "-v").stdout.str()
    for name in ("ct_study", "dicom_study", "fresh_archive", "simulated_archive", "simulated_ris", "worklist"):
        assert name in shown
    assert "archive_fault" in project("def test_nothing(): pass", "--markers").stdout.str()


def test_an_edge_box_delivers_what_is_dropped_and_says_why_not(project: Run) -> None:
    result = project(
        """
        import pytest

        PDF = b"%PDF-1.4\\n1 0 obj<<>>endobj\\ntrailer<</Root 1 0 R>>\\n%%EOF\\n"

        def test_delivered_under_one_uid(edge_box, simulated_archive):
            edge_box.drop("report.pdf", PDF)
            [item] = edge_box.delivered()
            [held] = simulated_archive.instances()
            assert held.sop_instance_uid == item.uid
            assert list(edge_box.inbox.iterdir()) == []

        @pytest.mark.archive_fault(status=0xA700)
        def test_an_archive_that_is_full(edge_box):
            edge_box.drop("report.pdf", PDF)
            with pytest.raises(TimeoutError, match="0 of 1 delivered"):
                edge_box.delivered(timeout_s=1.5)

        @pytest.mark.edge_box(kind="photo", patient_id="P7")
        def test_photographs_of_another_patient(edge_box, simulated_archive):
            from io import BytesIO
            from PIL import Image
            from pydicom import dcmread

            data = BytesIO()
            Image.new("RGB", (32, 32), (200, 30, 30)).save(data, "PNG")
            edge_box.drop("eye.png", data.getvalue())
            edge_box.delivered()
            [held] = simulated_archive.instances()
            assert dcmread(held.path).PatientID == "P7"
        """
    )
    result.assert_outcomes(passed=3)
