from tools.setup import stamps


def test_a_key_depends_on_each_part_and_where_it_ends(tmp_path):
    file = tmp_path / "lock"
    file.write_text("a")

    keys = {
        stamps.key("ab", "c"), stamps.key("a", "bc"), stamps.key(file), stamps.key(b"b"),
        stamps.key(tmp_path / "absent"),
    }  # fmt: skip

    assert len(keys) == 5


def test_done_asks_for_the_same_key_and_the_products(tmp_path):
    product = tmp_path / "product"
    product.write_text("x")

    stamps.finish("step", "key", folder=tmp_path)

    assert stamps.done("step", "key", product, folder=tmp_path)
    assert not stamps.done("step", "other", product, folder=tmp_path)
    assert not stamps.done("step", "key", tmp_path / "absent", folder=tmp_path)


def test_a_step_that_began_is_not_done_until_it_finished(tmp_path):
    stamps.finish("step", "key", folder=tmp_path)

    stamps.begin("step", folder=tmp_path)

    assert not stamps.done("step", "key", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []
