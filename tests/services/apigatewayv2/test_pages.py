"""Pages of listings, without a server."""

from fogbank.services.apigatewayv2.parts import paged


def test_pages_have_every_row_once_whatever_the_order_of_the_store():
    rows, found, request = [{"Id": each} for each in ("c", "a", "b")], [], {"MaxResults": "1"}
    while request is not None:
        page = paged(rows, request, "Id")
        found += [each["Id"] for each in page["Items"]]
        request = {**request, "NextToken": page["NextToken"]} if page["NextToken"] else None
    assert found == ["a", "b", "c"]
