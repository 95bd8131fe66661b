"""Which presentation contexts are proposed, and which syntax is chosen among those accepted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modality.errors import UnknownNameError, UsageError
from modality.protocol.negotiation import FALLBACKS, MOST_CONTEXTS, OWN, Accepted, Negotiation, proposals
from modality.transfer.syntaxes import DEFLATED, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, RLE

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
JPEG = "1.2.840.10008.1.2.4.50"
MPEG = "1.2.840.10008.1.2.4.100"


def test_each_class_and_syntax_has_a_context_of_its_own_and_fallbacks_behind() -> None:
    assert proposals([(CT, RLE.uid), (MR, IMPLICIT_LITTLE.uid), (CT, JPEG)]) == [
        [
            (CT, (RLE.uid,)),
            (CT, (JPEG,)),
            (CT, (EXPLICIT_LITTLE.uid,)),
            (CT, (IMPLICIT_LITTLE.uid,)),
            (MR, (IMPLICIT_LITTLE.uid,)),
            (MR, (EXPLICIT_LITTLE.uid,)),
        ]
    ]


def test_several_syntaxes_stand_in_one_context_in_the_order_given() -> None:
    chosen = Negotiation(propose=(("HTJ2KLossless", OWN, "ExplicitVRLittleEndian"), ("1.2.3.4",)))
    htj2k = "1.2.840.10008.1.2.4.201"
    assert proposals([(CT, RLE.uid), (CT, EXPLICIT_LITTLE.uid)], chosen) == [
        [
            (CT, (htj2k, RLE.uid, EXPLICIT_LITTLE.uid)),
            (CT, (htj2k, EXPLICIT_LITTLE.uid)),
            (CT, ("1.2.3.4",)),
        ]
    ]


def test_only_these_syntaxes_leaves_the_instances_own_out() -> None:
    only = Negotiation(propose=(("ImplicitVRLittleEndian",),))
    assert proposals([(CT, RLE.uid), (CT, JPEG)], only) == [[(CT, (IMPLICIT_LITTLE.uid,))]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"propose": ()}, "1 to 128"),
        ({"propose": ((),)}, "1 to 128"),
        ({"propose": ((OWN,),) * 129}, "1 to 128"),
        ({"async_window": 65536}, "asynchronous window of 65536"),
        ({"async_window": -1}, "asynchronous window of -1"),
        ({"transcode": "lossy"}, "no lossy transfer syntax is proposed"),
        ({"quality": 90.0}, "lossy"),
    ],
)
def test_what_cannot_be_is_a_usage_error(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Negotiation(**arguments)  # type: ignore[arg-type]


def test_an_unknown_syntax_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'RLELossless'"):
        Negotiation(propose=(("RLELoseless",),))


def test_nothing_to_send_proposes_nothing() -> None:
    assert proposals([]) == []


@given(st.lists(st.tuples(st.integers(1, 90), st.integers(1, 200)), max_size=400))
def test_all_is_proposed_once_in_lists_that_an_association_can_carry(pairs: list[tuple[int, int]]) -> None:
    wanted = [(f"1.2.{sop_class}", f"1.3.{syntax}") for sop_class, syntax in pairs]
    groups = proposals(wanted)
    flat = [context for group in groups for context in group]
    pairs_wanted = [*wanted, *((sop_class, uid) for sop_class, _ in wanted for uid in FALLBACKS)]
    expected = {(sop_class, (uid,)) for sop_class, uid in pairs_wanted}
    assert (set(flat), len(flat)) == (expected, len(expected))
    assert all(0 < len(group) <= MOST_CONTEXTS for group in groups)


def test_the_contexts_of_one_class_stay_together_while_they_can() -> None:
    groups = proposals([(f"1.2.{number}", RLE.uid) for number in range(60)])
    assert [len(group) for group in groups] == [126, 54]
    classes = [{sop_class for sop_class, _ in group} for group in groups]
    assert classes[0] & classes[1] == set()


NEVER = Negotiation(transcode="never")
LOSSY = Negotiation(propose=((OWN,), (JPEG,)), transcode="lossy")


def test_an_instance_goes_as_it_is_where_it_may() -> None:
    accepted = Accepted({CT: (EXPLICIT_LITTLE.uid, JPEG)})
    for negotiation in (Negotiation(), NEVER, LOSSY):
        assert accepted.candidates(CT, JPEG, negotiation) == [JPEG]


def test_else_in_another_syntax_without_loss_a_native_one_first() -> None:
    accepted = Accepted({CT: (RLE.uid, JPEG, IMPLICIT_LITTLE.uid, EXPLICIT_LITTLE.uid)})
    native_first = [IMPLICIT_LITTLE.uid, EXPLICIT_LITTLE.uid, RLE.uid]
    assert accepted.candidates(CT, EXPLICIT_BIG.uid) == native_first
    assert accepted.candidates(CT, DEFLATED.uid, LOSSY) == [*native_first, JPEG]


def test_else_with_loss_only_if_asked() -> None:
    accepted = Accepted({CT: (JPEG,)})
    assert accepted.candidates(CT, RLE.uid) == []
    assert accepted.candidates(CT, RLE.uid, LOSSY) == [JPEG]


def test_else_not_at_all() -> None:
    assert Accepted({CT: (EXPLICIT_LITTLE.uid,)}).candidates(CT, RLE.uid, NEVER) == []
    assert Accepted({CT: (EXPLICIT_LITTLE.uid,)}).candidates(CT, MPEG, LOSSY) == []  # no codec here decodes it
    assert Accepted({MR: (EXPLICIT_LITTLE.uid,)}).candidates(CT, EXPLICIT_LITTLE.uid) == []
