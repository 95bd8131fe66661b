"""Tissues: what they are made of, and what CT and MR see of them.

Where each value stands, and how far we could check it ("by way of X": the source itself was not open to us; "abstract":
its abstract was read). What is "unchecked", here or at the value, stands as others cite it and no source confirmed it.
    [44]  ICRU Report 44, 1989. Adipose tissue, muscle and cortical bone by way of a public listing of NIST XAAMDI
          table 2; all of [44] by way of [Sc]; eye lens and lung by way of [186] too.
    [46]  ICRU Report 46, 1992. Skin, liver, heart and mammary gland by way of [186].
    [186] L. Beaulieu et al., Med. Phys. 39:6208, 2012 (AAPM TG-186), table III, by way of a program that holds it.
    [Sc]  U. Schneider, E. Pedroni, A. Lomax, Phys. Med. Biol. 41:111, 1996: the table of tissues, by way of a program
          that holds its numbers.
    [110] ICRP Publication 110, 2009, table B.1 (male). By way of Geant4's example ICRP110_HumanPhantoms.
    [W]   H. Q. Woodard, D. R. White, Br. J. Radiol. 59:1209, 1986. Not open; the mean of its grey and white matter
          agrees with the brain of [Sc] within 0.001 in every element.
    [S]   G. J. Stanisz et al., Magn. Reson. Med. 54:507, 2005, table 1 (1.5 T and 3 T, excised tissue at 37 degrees).
          By way of a program that cites the table as read; muscle, blood and liver at 3 T by way of [HD] too.
    [B]   C. M. J. de Bazelaire et al., Radiology 230:652, 2004. 3 T: abstract; 1.5 T: by way of two programs, one of
          which cites tables 1 and 2 as read. A review has 996 ms for the kidney cortex at 1.5 T where they have 966.
    [St]  A. Stadler et al., J. Magn. Reson. Imaging 21:759, 2005 (lung T1 in inspiration, 1.5 T). Abstract.
    [Y]   J. Yu, Y. Xue, H. K. Song, Magn. Reson. Med. 66:248, 2011 (lung T2* at 1.5 T and 3 T). Abstract.
    [G]   H. M. Gach, C. Tanase, F. Boada, Int. Conf. Systems Engineering, 2008 (T1 = A B0^C; T2). By way of two
          independent programs, which agree on all that is used here.
    [P]   S. Patz et al., J. Magn. Reson. Imaging 26:510, 2007 (eye, 1.5 T), its normalized data. Abstract.
    [R]   I. L. H. Reichert et al., Magn. Reson. Imaging 23:611, 2005 (cortical bone at 1.5 T, T2*). By way of [HD]: T1
          of 140 to 260 ms, T2* of 0.42 to 0.50 ms.
    [Go]  G. E. Gold et al., AJR Am. J. Roentgenol. 183:343, 2004: the knee at 1.5 T and 3 T. Cartilage and marrow by
          way of a program that cites the table as read, marrow at 3 T by way of [HD] too; joint fluid unchecked.
    [RP]  R. Rakow-Penner et al., J. Magn. Reson. Imaging 23:87, 2006 (breast at 1.5 T and 3 T). By way of a program
          that cites a paper that tabulates it; T1 at 1.5 T by way of a second one.
    [HD]  Radiat. Oncol. 8:51, 2013, table 1: a table of relaxation times from [S], [R] and [Go]. Open, read.
    [BW]  D. L. Collins et al., IEEE Trans. Med. Imaging 17:463, 1998: BrainWeb's table of tissue parameters. By way
          of several programs that hold it.
"Our choice" marks what follows no source.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from phantoms.material import Tissue
from phantoms.tissues.common import COMMON
from phantoms.tissues.head import HEAD
from phantoms.tissues.skeleton import SKELETON
from phantoms.tissues.trunk import TRUNK

TISSUES: Mapping[str, Tissue] = MappingProxyType(
    {tissue.name: tissue for tissue in (*COMMON, *HEAD, *SKELETON, *TRUNK)}
)
"""Every material by its name."""
