"""Digests: equal for what is equal, and for nothing else."""

from cocktail.digest import PIECE_BYTES, digest, files_digest, files_in


def test_values_that_differ_have_other_digests():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 1, "b": 2.5})
    assert digest("ab", "c") != digest("a", "bc")
    assert len(digest()) == 12


def test_files_are_told_apart_by_name_and_content(tmp_path):
    for name, content in {"b": b"x", "deep/a": b"x" * PIECE_BYTES + b"y"}.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    assert [name for name, _ in files_in(tmp_path)] == ["b", "deep/a"]
    before = files_digest(files_in(tmp_path))
    assert before == files_digest(files_in(tmp_path))
    (tmp_path / "deep" / "a").write_bytes(b"x" * PIECE_BYTES + b"z")
    assert files_digest(files_in(tmp_path)) != before
    (tmp_path / "deep" / "a").write_bytes(b"x" * PIECE_BYTES + b"y")
    (tmp_path / "b").rename(tmp_path / "c")
    assert files_digest(files_in(tmp_path)) != before


def test_of_a_large_file_only_the_start_and_the_size_may_count(tmp_path):
    path = tmp_path / "large"
    path.write_bytes(b"same, then one")
    before = files_digest([("large", path)], at_most=4)
    path.write_bytes(b"same, then two")
    assert files_digest([("large", path)], at_most=4) == before
    path.write_bytes(b"same, and longer than before")
    assert files_digest([("large", path)], at_most=4) != before
