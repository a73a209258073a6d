"""The guess at a text's language."""

import pytest
from ringmain_sandbox.sound.language import language


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("This is the house that he was in.", "en"),
        ("Das ist ein Haus, und ich bin nicht mit dem Auto da.", "de"),
        ("Le chat est dans la maison avec vous.", "fr"),
        ("El perro no come más que una vez.", "es"),
        ("Questo è il libro che non sono.", "it"),
        ("Ele não é como os mais.", "pt"),
        ("Het is niet wat je van een huis denkt.", "nl"),
        ("これは日本語です。", "ja"),
        ("你好,世界。", "zh"),
        ("안녕하세요", "ko"),
        ("\u043f\u0440\u0438\u0432\u0435\u0442", "ru"),
        ("\u03ba\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1", "el"),
        ("12345 !?", ""),
        ("Xyzzy", ""),
    ],
)
def test_languages_are_told_apart(text: str, code: str) -> None:
    """Letters decide where they can, else the most common words."""
    assert language(text) == code
