"""Tables of any format: their header, their rows, and what is refused on the way."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pytest

from c10h.errors import FileError
from c10h.files import Source
from c10h.formats import archives, tables
from c10h.formats.text_separators import refuse_encoding
from formats.files import parquet, zipped
from formats.files import save_table as save

TEXT = "who,what,said\na,0,1\nb,1,0\n"
ROWS = [("a", "0", "1"), ("b", "1", "0")]


def rows(source: Source) -> list[tuple[object, ...]]:
    return tables.collect(tables.scan(source), source).rows()


FORMS = {
    "plain": TEXT.encode(),
    "crlf": TEXT.replace("\n", "\r\n").encode(),
    "bom": b"\xef\xbb\xbf" + TEXT.encode(),
    "no last newline": TEXT.rstrip().encode(),
    "semicolons": TEXT.replace(",", ";").encode(),
    "tabs": TEXT.replace(",", "\t").encode(),
    "quotes": b'"who","what","said"\n"a","0","1"\n"b","1","0"\n',
    "gzip": gzip.compress(TEXT.encode()),
    "two gzip members": gzip.compress(TEXT.encode()[:15]) + gzip.compress(TEXT.encode()[15:]),
    "zip": zipped(("t.csv", TEXT)),
    "zip, stored": zipped(("t.csv", TEXT), method=zipfile.ZIP_STORED),
    "zip with a folder": zipped(("a/", ""), ("a/t.csv", TEXT)),
    "zip, upper case": zipped(("T.CSV", TEXT)),
    "parquet": parquet(who=["a", "b"], what=["0", "1"], said=["1", "0"]),
}


class TestForms:
    @pytest.mark.parametrize("form", FORMS)
    def test_header_and_rows(self, tmp_path: Path, form: str) -> None:
        source = save(tmp_path, FORMS[form])
        assert tables.header_of(source) == ["who", "what", "said"]
        assert rows(source) == ROWS

    def test_the_content_decides_and_not_the_name(self, tmp_path: Path) -> None:
        for number, form in enumerate(("gzip", "zip", "parquet", "plain")):
            assert rows(save(tmp_path, FORMS[form], f"{number}.txt")) == ROWS

    def test_text_stays_text(self, tmp_path: Path) -> None:
        source = save(tmp_path, "a,b,c\n007,1e3,true\n 4.0 ,NaN,\n")
        assert rows(source) == [("007", "1e3", "true"), (" 4.0 ", "NaN", None)]

    def test_quoted_fields_hold_separators_quotes_and_lines(self, tmp_path: Path) -> None:
        source = save(tmp_path, 'a,b\n"x,y","say ""hi""\nthere"\n')
        assert rows(source) == [("x,y", 'say "hi"\nthere')]

    def test_names_of_any_script(self, tmp_path: Path) -> None:
        source = save(tmp_path, "wer,何,什么\nä,ñ,日本\n")
        assert tables.header_of(source) == ["wer", "何", "什么"]
        assert rows(source) == [("ä", "ñ", "日本")]

    def test_a_quoted_name_with_the_other_separator(self, tmp_path: Path) -> None:
        source = save(tmp_path, '"who, really";what\na;b\n')
        assert tables.header_of(source) == ["who, really", "what"]
        assert rows(source) == [("a", "b")]

    @pytest.mark.parametrize("letter", ["\u00a0", "\u200b", "\u00ad"], ids=["nbsp", "zwsp", "shy"])
    def test_a_header_with_an_invisible_letter_is_a_header(
        self, tmp_path: Path, letter: str
    ) -> None:
        """Spreadsheets and survey tools write them."""
        name = f"how{letter}sure"
        assert tables.header_of(save(tmp_path, f"who,{name}\na,b\n")) == ["who", name]

    def test_a_header_with_a_doubled_quote(self, tmp_path: Path) -> None:
        assert tables.header_of(save(tmp_path, '"a ""b""",c\n1,2\n')) == ['a "b"', "c"]

    def test_parquet_keeps_its_types(self, tmp_path: Path) -> None:
        assert rows(save(tmp_path, parquet(a=[1, 2], b=[0.5, None]))) == [(1, 0.5), (2, None)]

    @pytest.mark.parametrize("content", [b"\x89HDF\r\n\x1a\n\0\0", b"\x93NUMPY\x01\0"])
    def test_other_bytes_have_no_header(self, tmp_path: Path, content: bytes) -> None:
        assert tables.header_of(save(tmp_path, content)) is None

    def test_arrays_in_a_zip_are_no_table(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "a.npz", x=np.ones(3))
        assert tables.header_of(Source.open(str(tmp_path / "a.npz"))) is None

    def test_nothing_is_left_in_the_folder_of_the_table(self, tmp_path: Path) -> None:
        rows(save(tmp_path, FORMS["zip"]))
        assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


class TestArchives:
    @pytest.mark.parametrize(
        "name", ["../t.csv", "/t.csv", "a/../../t.csv", "..\\t.csv", "C:\\t.csv"]
    )
    def test_a_path_that_climbs_out(self, tmp_path: Path, name: str) -> None:
        source = save(tmp_path, zipped((name, TEXT)), "t.zip")
        for read in (tables.header_of, tables.scan):
            with pytest.raises(FileError, match=r"t\.zip: .*points outside the archive"):
                read(source)

    @pytest.mark.parametrize(
        ("members", "found"),
        [
            ([("t.csv", TEXT), ("u.csv", TEXT)], r"t\.csv, u\.csv"),
            ([("t.png", TEXT)], r"t\.png"),
            ([("t.csv.gz", gzip.compress(TEXT.encode()))], r"t\.csv\.gz"),
            ([("a/", "")], "nothing"),
        ],
    )
    def test_anything_but_one_csv(
        self, tmp_path: Path, members: list[tuple[str, str | bytes]], found: str
    ) -> None:
        with pytest.raises(FileError, match=f"expected one .csv in the archive, found {found}"):
            tables.scan(save(tmp_path, zipped(*members), "t.zip"))

    @pytest.mark.parametrize("keep", [25, -30, -1, -4, -9])
    @pytest.mark.parametrize("form", ["gzip", "zip"])
    def test_a_truncated_archive(self, tmp_path: Path, form: str, keep: int) -> None:
        source = save(tmp_path, FORMS[form][:keep], "t.bin")
        with pytest.raises(FileError, match=r"t\.bin: a damaged archive"):
            tables.scan(source)

    @pytest.mark.parametrize("method", ["zip", "zip, stored"])
    def test_a_damaged_member_of_a_zip(self, tmp_path: Path, method: str) -> None:
        content = bytearray(FORMS[method])
        content[35:39] = b"\xff" * 4
        source = save(tmp_path, bytes(content), "t.zip")
        with pytest.raises(FileError, match=r"t\.zip: a damaged archive: "):
            tables.header_of(source)
        with pytest.raises(FileError, match=r"t\.zip: a damaged archive: "):
            tables.scan(source)

    def test_a_zip_with_a_password(self, tmp_path: Path) -> None:
        content = bytearray(FORMS["zip"])
        content[6] |= 1
        content[content.find(b"PK\x01\x02") + 8] |= 1
        with pytest.raises(FileError, match=r"t\.zip: member .* has a password: refused"):
            tables.header_of(save(tmp_path, bytes(content), "t.zip"))

    @pytest.mark.parametrize(
        ("field", "value", "says"),
        [(10, 97, "expected a deflated zip"), (6, 178, "an archive that cannot be read")],
        ids=["method", "version"],
    )
    def test_a_zip_of_a_later_kind(self, tmp_path: Path, field: int, value: int, says: str) -> None:
        content = bytearray(FORMS["zip"])
        content[content.find(b"PK\x01\x02") + field] = value
        with pytest.raises(FileError, match=rf"t\.zip: {says}"):
            tables.header_of(save(tmp_path, bytes(content), "t.zip"))

    def test_what_unpacks_to_more_than_allowed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(archives, "UNPACKED_BYTES", 1000)
        content = gzip.compress(TEXT.encode() + b"a,0,1\n" * 100_000)
        with pytest.raises(FileError, match=r"t\.csv: unpacks to more than .* MB, over 100 times"):
            tables.scan(save(tmp_path, content))

    def test_a_hundred_times_the_file_is_allowed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(archives, "UNPACKED_BYTES", 10)
        assert rows(save(tmp_path, FORMS["gzip"])) == ROWS


class TestBroken:
    @pytest.mark.parametrize("keep", [4, 50, -10, -1])
    def test_truncated_parquet(self, tmp_path: Path, keep: int) -> None:
        source = save(tmp_path, FORMS["parquet"][:keep], "t.parquet")
        with pytest.raises(FileError, match=r"t\.parquet: not a readable table"):
            tables.header_of(source)

    def test_parquet_with_a_damaged_footer(self, tmp_path: Path) -> None:
        content = FORMS["parquet"]
        source = save(tmp_path, content[:-200] + b"\xff" * 60 + content[-140:], "t.parquet")
        with pytest.raises(FileError, match=r"t\.parquet: not a readable table"):
            tables.header_of(source)

    @pytest.mark.parametrize("line", ["a,0,1,2", 'a"b,0,1', '"a,0,1'])
    def test_rows_that_do_not_fit(self, tmp_path: Path, line: str) -> None:
        with pytest.raises(FileError, match=r"t\.csv: not a readable table: ."):
            rows(save(tmp_path, TEXT + line + "\n"))

    def test_the_first_line_of_another_encoding_is_named(self, tmp_path: Path) -> None:
        source = save(tmp_path, TEXT.encode() + b"K\xe4tz,0,1\n")
        says = r"t\.csv: line 4: expected UTF-8 text, found the byte e4"
        with pytest.raises(FileError, match=says):
            refuse_encoding(source)
        with pytest.raises(FileError, match=says):
            rows(source)

    def test_the_line_is_counted_in_what_a_gzip_holds(self, tmp_path: Path) -> None:
        source = save(tmp_path, gzip.compress(TEXT.encode() + b"\xff,0,1\n"), "t.csv.gz")
        with pytest.raises(FileError, match=r"t\.csv\.gz: line 4: .* the byte ff"):
            refuse_encoding(source)

    @pytest.mark.parametrize("form", ["plain", "bom", "gzip", "parquet"])
    def test_what_is_utf_8_is_not_refused(self, tmp_path: Path, form: str) -> None:
        refuse_encoding(save(tmp_path, FORMS[form]))


@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_arrays_are_no_table(tmp_path: Path, name: str) -> None:
    write = {"x.npy": np.save, "x.npz": np.savez}[name]
    write(tmp_path / name, np.eye(3))
    source = Source.open(str(tmp_path / name))
    for read in (tables.open_table, tables.scan):
        with pytest.raises(FileError, match=rf"^{name}: expected a table, found arrays \(\.np"):
            read(source)
