"""What Locust runs: `locust -f $(modality load --print-locustfile)`; one user is one modality with its association.

The environment says what is done: MODALITY_LOAD_TO, MODALITY_LOAD_SCENARIO, MODALITY_LOAD_RATE (requests a second of
one user), MODALITY_LOAD_SEED, MODALITY_LOAD_AET; MODALITY_LOAD_I_OWN_THIS_ARCHIVE=1 for one on another machine;
MODALITY_LOAD_TLS_CA, _TLS_CERT and _TLS_KEY for dicoms:// and https://; and where the master writes:
MODALITY_LOAD_REPORT, MODALITY_LOAD_JSON.
"""

from __future__ import annotations

import sys

import locust  # noqa: F401 - patches sockets and threads before anything else has them

from modality.errors import ModalityError
from modality.load.distributed.settings import settings
from modality.load.distributed.user import Modality, prepare

__all__ = ["Modality"]

try:
    prepare(settings())
except ModalityError as error:
    sys.exit(f"modality load: {error}")
