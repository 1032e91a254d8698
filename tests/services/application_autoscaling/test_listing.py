"""Pages of listings, without a server."""

from fogbank.services.application_autoscaling import listing


def test_pages_have_every_row_once_where_names_begin_with_one_another():
    rows, found, token = ["table/a|d", "table/ab|d", "table/a/index/x|d"], [], ""
    while token is not None:
        shown, token = listing.page({"MaxResults": 1, "NextToken": token}, rows, 50, str)
        found += shown
    assert sorted(found) == sorted(rows)
