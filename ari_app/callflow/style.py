"""The colours and letters of the picture.

Rule: every colour that means something is in cards.COLOURS; here is only how it looks.
"""

from __future__ import annotations

from ari_app.callflow.cards import COLOURS
from ari_app.callflow.svg import FONT

_PLAIN = f"""
text{{font-family:{FONT};fill:#23272e}}
.page{{fill:#f6f4ef}}
.h1{{font-size:27px;font-weight:700}} .h2{{font-size:19px;font-weight:700}}
.sub{{font-size:13px;fill:#6a7079}}
.card{{fill:#fff;stroke:#dcd8cf;stroke-width:1}} .first{{stroke:#23272e;stroke-width:1.4}}
.title{{font-size:13.5px;font-weight:700}} .dim{{font-size:10.5px;fill:#878c94}}
.bubble{{fill:#eef3f8}} .said{{font-size:13px}} .english{{font-size:11px;fill:#5f6a77;font-style:italic}}
.wait{{fill:#fff;stroke:#b9b3a5}} .music{{fill:#f3ecdc;stroke:#cdbb8e}} .pill{{font-size:11.5px;fill:#4d5157}}
.note{{fill:#f6f4ef}} .noted{{font-size:11px;fill:#4d5157}}
.icon{{fill:none;stroke:#6a7079;stroke-width:1.3;stroke-linejoin:round;stroke-linecap:round}}
.ink{{fill:#6a7079}} .rec{{fill:#b3372f}}
.rail{{stroke:#b9b3a5;stroke-width:1.4;fill:none}} .rule{{stroke:#e2ded5;stroke-width:1;fill:none}}
.arrow{{stroke:#8a8577;stroke-width:1.4;fill:none;stroke-linecap:round;stroke-linejoin:round}}
.flow{{stroke:#4a5058;stroke-width:1.8;fill:none;stroke-linecap:round;stroke-linejoin:round}}
.dashed{{stroke-dasharray:5 5}}
.key{{fill:#fffdf6;stroke:#6a7079;stroke-width:1.1}} .keyed{{font-size:12px;font-weight:700}}
.chip{{font-size:11.5px;fill:#fff;font-weight:600}}
.ring{{fill:#23272e}} .agents{{fill:#2c7a4b}} .pilled{{font-size:14px;font-weight:700;fill:#fff}}
.label{{fill:#f6f4ef}} .labelled{{font-size:11px;fill:#23272e;font-weight:600}}
"""

STYLE = _PLAIN + "".join(f".go-{word.replace('_', '-')}{{fill:{colour}}}\n" for word, (colour, _) in COLOURS.items())
