"""The department's port serves the workitems of its RIS beside the images of its archive."""

from __future__ import annotations

import httpx

from modality.simulated.dicomweb.web import Web
from modality.web.department.department import Department


def test_one_port_serves_images_workitems_and_the_page_to_the_same_users() -> None:
    token = {"Authorization": "Bearer secret"}
    with Department(web=Web(tokens=("secret",))) as department:
        root = department.web_address
        answers = [httpx.get(url, headers=token) for url in (f"{root}/workitems", f"{root}/studies", root[:-9])]
        assert [one.status_code for one in answers] == [200, 204, 200]
        assert len(answers[0].json()) == len(department.ris.workitems)
        assert [httpx.get(f"{root}/{path}").status_code for path in ("workitems", "studies")] == [401, 401]
        department.set_fault("ris", "on=find,status=A700,times=1")
        assert httpx.get(f"{root}/workitems", headers=token).status_code == 503
        assert httpx.get(f"{root}/studies", headers=token).status_code == 204
