"""What the server keeps: the current version of each resource, in memory or in a folder as well."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path

from modality.errors import UsageError
from modality.fhir.datatypes import Resource
from modality.simulated.archive.lock import FolderLock
from modality.transfer.files import write_whole

Key = tuple[str, str]
"""Type and id."""

UtcClock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time now, with its zone."""
    return datetime.now(timezone.utc)


class Store:
    """Resources by type and id; what is done within `lock` is seen whole or not at all.

    In a folder each change is one file, a Bundle of the resources that it made or changed: it is there whole or not at
    all, and reading them in order gives the state again.

    Args:
        folder: where changes are kept; None for memory alone.
        clock: gives the time of each change, with its zone.

    Raises:
        UsageError: the folder cannot be used, is another's, or holds what is none of ours.
    """

    def __init__(self, folder: Path | None = None, clock: UtcClock = utc_now) -> None:
        self.lock = threading.RLock()
        self._clock = clock
        self._folder = folder
        self._resources: dict[Key, Resource] = {}
        self._identified: dict[tuple[str, str, str], set[str]] = {}
        self._ids: set[str] = set()
        self._numbers = 0
        self._changes = 0
        self._taken = FolderLock(folder) if folder else None
        try:
            for path in sorted(folder.glob("*.json")) if folder else []:
                self._replay(path)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the folder back."""
        if self._taken:
            self._taken.release()
        self._taken = None

    def _replay(self, path: Path) -> None:
        try:
            self._changes = int(path.stem)
            bundle = json.loads(path.read_bytes())
            resources = [entry["resource"] for entry in bundle["entry"]]
            for resource in resources:
                self._keep(resource)
                if resource["id"].isdigit():
                    self._numbers = max(self._numbers, int(resource["id"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"{path}: is no change of a FHIR server; give it a folder of its own ({error})") from error

    def new_id(self) -> str:
        """An id that no resource has; numbers in order, so that the same requests give the same ids."""
        with self.lock:
            self._numbers += 1
            while str(self._numbers) in self._ids:
                self._numbers += 1
            return str(self._numbers)

    def commit(self, resources: Sequence[Resource]) -> list[Resource]:
        """Keep resources, each with its type and id, as new versions; all of them or none.

        Returns:
            what is kept of each: the resource with its version and time.

        Raises:
            UsageError: the folder cannot be written; nothing is changed.
        """
        with self.lock:
            now = self._clock().astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            kept = []
            for resource in resources:
                known = self._resources.get((resource["resourceType"], resource["id"]))
                version = int(known["meta"]["versionId"]) + 1 if known else 1
                meta = {**resource.get("meta", {}), "versionId": str(version), "lastUpdated": now}
                front = {"resourceType": resource["resourceType"], "id": resource["id"], "meta": meta}
                kept.append({**front, **{key: value for key, value in resource.items() if key not in front}})
            if self._folder and kept:
                bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in kept]}
                text = json.dumps(bundle, ensure_ascii=False, indent=1)
                write_whole(self._folder / f"{self._changes + 1:09d}.json", [text.encode()], durable=True)
            self._changes += 1
            for resource in kept:
                self._keep(resource)
            return kept

    def _keep(self, resource: Resource) -> None:
        key = (resource["resourceType"], resource["id"])
        for system, value in _identifiers(self._resources.get(key, {})):
            self._identified[key[0], system, value].discard(key[1])
        self._resources[key] = resource
        self._ids.add(key[1])
        for system, value in _identifiers(resource):
            self._identified.setdefault((key[0], system, value), set()).add(key[1])

    def get(self, kind: str, identity: str) -> Resource | None:
        """The current version of a resource."""
        with self.lock:
            return self._resources.get((kind, identity))

    def all(self, kind: str) -> list[Resource]:
        """Every resource of a type, oldest first."""
        with self.lock:
            return [one for (known, _), one in self._resources.items() if known == kind]

    def identified(self, kind: str, system: str, value: str) -> list[Resource]:
        """The resources of a type with an identifier, oldest first."""
        with self.lock:
            ids = self._identified.get((kind, system, value), set())
            return [self._resources[kind, identity] for identity in sorted(ids, key=lambda one: (len(one), one))]

    def __iter__(self) -> Iterator[Resource]:
        with self.lock:
            return iter(list(self._resources.values()))

    def __len__(self) -> int:
        return len(self._resources)


def _identifiers(resource: Resource) -> list[tuple[str, str]]:
    return [
        (str(one.get("system", "")), str(one["value"])) for one in resource.get("identifier", []) if one.get("value")
    ]
