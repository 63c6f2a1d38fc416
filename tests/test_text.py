import codecs

import pytest

from cocktail.errors import CocktailError
from cocktail.text import read_text

TEXT = "a,ä\nb,हि\n"


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_byte_order_mark_says_the_encoding_and_is_no_part_of_the_text(tmp_path, mark, encoding):
    (tmp_path / "x").write_bytes(mark + TEXT.replace("\n", "\r\n").encode(encoding))
    assert read_text(tmp_path / "x") == TEXT


def test_marks_of_texts_that_were_put_together_are_lost(tmp_path):
    (tmp_path / "x").write_text("a\n\ufeffb\n", encoding="utf-8-sig")
    assert read_text(tmp_path / "x") == "a\nb\n"


def test_other_encodings_are_told_by_their_line(tmp_path):
    (tmp_path / "x").write_bytes("a\nMüller\n".encode("latin-1"))
    with pytest.raises(CocktailError, match=r"x:2: not a text in UTF-8"):
        read_text(tmp_path / "x")
