"""Codes of what electrodes give: ECG leads (PS3.16 CID 3001) and EEG electrodes (CID 3030), by their usual names."""

from __future__ import annotations

from collections.abc import Mapping

from modality.iods.coded import Code

ECG_LEADS: Mapping[str, Code] = {
    name: Code(value, "MDC", meaning)
    for name, value, meaning in (
        ("unspecified", "2:0", "Unspecified lead"),
        ("I", "2:1", "Lead I"),
        ("II", "2:2", "Lead II"),
        ("III", "2:61", "Lead III"),
        ("aVR", "2:62", "aVR, augmented voltage, right"),
        ("aVL", "2:63", "aVL, augmented voltage, left"),
        ("aVF", "2:64", "aVF, augmented voltage, foot"),
        ("V1", "2:3", "Lead V1"),
        ("V2", "2:4", "Lead V2"),
        ("V3", "2:5", "Lead V3"),
        ("V4", "2:6", "Lead V4"),
        ("V5", "2:7", "Lead V5"),
        ("V6", "2:8", "Lead V6"),
        ("V7", "2:9", "Lead V7"),
        ("V8", "2:66", "Lead V8"),
        ("V9", "2:67", "Lead V9"),
        ("V2R", "2:10", "Lead V2R"),
        ("V3R", "2:11", "Lead V3R"),
        ("V4R", "2:12", "Lead V4R"),
        ("V5R", "2:13", "Lead V5R"),
        ("V6R", "2:14", "Lead V6R"),
        ("V7R", "2:15", "Lead V7R"),
        ("X", "2:16", "Lead X"),
        ("Y", "2:17", "Lead Y"),
        ("Z", "2:18", "Lead Z"),
    )
}
"""ECG leads."""

_ELECTRODES = (
    "Nz:996 Fpz:1000 AFz:1004 Fz:1008 FCz:1012 Cz:1016 CPz:1020 Pz:1024 POz:1028 Oz:1032 Iz:1036 Fp1:1041 "
    "Fp2:1042 F1:1049 F2:1054 F3:1057 F4:1062 F5:1065 F6:1070 F7:1073 F8:1078 F9:1081 F10:1086 FC1:1089 "
    "FC2:1094 FC3:1097 FC4:1102 FC5:1105 FC6:1110 FT7:1113 FT8:1118 FT9:1121 FT10:1126 C1:1129 C2:1134 "
    "C3:1137 C4:1142 C5:1145 C6:1150 CP1:1153 CP2:1158 CP3:1161 CP4:1166 CP5:1169 CP6:1174 P1:1177 P2:1182 "
    "P3:1185 P4:1190 P5:1193 P6:1198 P9:1201 P10:1206 O1:1209 O2:1214 AF3:1217 AF4:1222 AF7:1225 AF8:1230 "
    "PO3:1233 PO4:1238 PO7:1241 PO8:1246 T3:1249 T4:1254 T5:1257 T6:1262 T9:1265 T10:1270 TP7:1273 TP8:1278 "
    "TP9:1281 TP10:1286 A1:1289 A2:1290 T1:1297 T2:1298 Pg1:1305 Pg2:1306 Sp1:1313 Sp2:1314"
)

EEG_LEADS: Mapping[str, Code] = {
    name: Code(f"7:{number}", "MDC", name) for name, number in (pair.split(":") for pair in _ELECTRODES.split())
}
"""EEG electrodes of the 10-10 system; a channel against a reference is named after its active electrode."""
