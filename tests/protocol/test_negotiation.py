"""Which presentation contexts are proposed, and which syntax is chosen among those accepted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modality.protocol.negotiation import FALLBACKS, MOST_CONTEXTS, Accepted, proposals
from modality.transfer.syntaxes import DEFLATED, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, RLE

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
JPEG = "1.2.840.10008.1.2.4.50"
MPEG = "1.2.840.10008.1.2.4.100"


def test_each_class_and_syntax_has_a_context_of_its_own_and_fallbacks_behind() -> None:
    assert proposals([(CT, RLE.uid), (MR, IMPLICIT_LITTLE.uid), (CT, JPEG)]) == [
        [
            (CT, RLE.uid),
            (CT, JPEG),
            (CT, EXPLICIT_LITTLE.uid),
            (CT, IMPLICIT_LITTLE.uid),
            (MR, IMPLICIT_LITTLE.uid),
            (MR, EXPLICIT_LITTLE.uid),
        ]
    ]


def test_nothing_to_send_proposes_nothing() -> None:
    assert proposals([]) == []


@given(st.lists(st.tuples(st.integers(1, 90), st.integers(1, 200)), max_size=400))
def test_all_is_proposed_once_in_lists_that_an_association_can_carry(pairs: list[tuple[int, int]]) -> None:
    wanted = [(f"1.2.{sop_class}", f"1.3.{syntax}") for sop_class, syntax in pairs]
    groups = proposals(wanted)
    flat = [context for group in groups for context in group]
    expected = {*wanted, *((sop_class, uid) for sop_class, _ in wanted for uid in FALLBACKS)}
    assert (set(flat), len(flat)) == (expected, len(expected))
    assert all(0 < len(group) <= MOST_CONTEXTS for group in groups)


def test_the_contexts_of_one_class_stay_together_while_they_can() -> None:
    groups = proposals([(f"1.2.{number}", RLE.uid) for number in range(60)])
    assert [len(group) for group in groups] == [126, 54]
    classes = [{sop_class for sop_class, _ in group} for group in groups]
    assert classes[0] & classes[1] == set()


def test_an_instance_goes_as_it_is_where_it_may() -> None:
    accepted = Accepted({CT: (EXPLICIT_LITTLE.uid, JPEG)})
    assert accepted.choose(CT, JPEG) == JPEG
    assert accepted.choose(CT, JPEG, transcode=False) == JPEG


def test_else_in_another_syntax_without_loss_a_native_one_first() -> None:
    assert Accepted({CT: (RLE.uid, IMPLICIT_LITTLE.uid)}).choose(CT, EXPLICIT_BIG.uid) == IMPLICIT_LITTLE.uid
    assert Accepted({CT: (EXPLICIT_LITTLE.uid, IMPLICIT_LITTLE.uid)}).choose(CT, RLE.uid) == EXPLICIT_LITTLE.uid
    assert Accepted({CT: (JPEG, RLE.uid)}).choose(CT, DEFLATED.uid) == RLE.uid


def test_else_not_at_all() -> None:
    assert Accepted({CT: (EXPLICIT_LITTLE.uid,)}).choose(CT, RLE.uid, transcode=False) is None
    assert Accepted({CT: (JPEG,)}).choose(CT, RLE.uid) is None
    assert Accepted({CT: (EXPLICIT_LITTLE.uid,)}).choose(CT, MPEG) is None  # no codec here decodes it
    assert Accepted({MR: (EXPLICIT_LITTLE.uid,)}).choose(CT, EXPLICIT_LITTLE.uid) is None
