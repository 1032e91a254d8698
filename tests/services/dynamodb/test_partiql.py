"""PartiQL: statements do what the operations do, with the words of their own that AWS has for them."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def ddb(aws):
    return aws("dynamodb")


@pytest.fixture
def music(ddb):
    """The table of AWS's examples, with an index on the year."""
    ddb.create_table(
        TableName="Music",
        KeySchema=[{"AttributeName": "Artist", "KeyType": "HASH"}, {"AttributeName": "Song", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "Artist", "AttributeType": "S"},
            {"AttributeName": "Song", "AttributeType": "S"},
            {"AttributeName": "Year", "AttributeType": "N"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-year",
                "KeySchema": [{"AttributeName": "Year", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    ddb.get_waiter("table_exists").wait(TableName="Music", WaiterConfig={"Delay": 1})

    def run(statement, *parameters, **more):
        if parameters:
            more["Parameters"] = [{"S": p} if isinstance(p, str) else {"N": str(p)} for p in parameters]
        return ddb.execute_statement(Statement=statement, **more)

    return run


def songs(answer):
    return [item["Song"]["S"] for item in answer["Items"]]


@pytest.fixture
def filled(music):
    for artist, song, year in (
        ("Acme", "Happy", 1999),
        ("Acme", "Sad", 2005),
        ("Acme", "Slow", 2005),
        ("Other", "Loud", 2005),
    ):
        music("INSERT INTO Music VALUE {'Artist': ?, 'Song': ?, 'Year': ?, 'Awards': 0}", artist, song, year)
    return music


# -- INSERT


def test_an_insert_puts_an_item_of_any_types(ddb, music):
    music(
        """INSERT INTO "Music" value {'Artist': 'Acme', 'Song': 'It''s', 'n': -1.50, 'b': true, 'x': null,
           'l': [1, 'two'], 'm': {'k': {'deep': ?}}, 's': <<'b', 'a'>>, 'ns': <<2, 1>>}""",
        "v",
    )
    item = ddb.get_item(TableName="Music", Key={"Artist": {"S": "Acme"}, "Song": {"S": "It's"}})["Item"]
    assert item == {
        "Artist": {"S": "Acme"},
        "Song": {"S": "It's"},
        "n": {"N": "-1.5"},
        "b": {"BOOL": True},
        "x": {"NULL": True},
        "l": {"L": [{"N": "1"}, {"S": "two"}]},
        "m": {"M": {"k": {"M": {"deep": {"S": "v"}}}}},
        "s": {"SS": ["a", "b"]},
        "ns": {"NS": ["1", "2"]},
    }


def test_an_insert_replaces_nothing(ddb, music):
    music("INSERT INTO Music VALUE {'Artist': 'a', 'Song': 's', 'v': 1}")
    with pytest.raises(ddb.exceptions.DuplicateItemException, match="Duplicate primary key exists in table"):
        music("INSERT INTO Music VALUE {'Artist': 'a', 'Song': 's', 'v': 2}")


def test_an_insert_without_the_key_is_refused(music):
    with pytest.raises(ClientError, match="Missing the key Song in the item"):
        music("INSERT INTO Music VALUE {'Artist': 'a'}")


# -- SELECT


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Artist = 'Acme' AND Song = 'Sad'", ["Sad"]),
        ("Artist = 'Acme'", ["Happy", "Sad", "Slow"]),
        ("Artist = 'Acme' AND begins_with(\"Song\", 'S')", ["Sad", "Slow"]),
        ("Artist = 'Acme' AND Song BETWEEN 'I' AND 'Sb'", ["Sad"]),
        ("Artist = 'Acme' AND Song > 'Happy' AND \"Year\" = 2005", ["Sad", "Slow"]),
        ("Artist = 'Acme' AND (Song = 'Happy' OR Song = 'Slow')", ["Happy", "Slow"]),
        ("Artist = 'Acme' AND Song IN ['Sad', 'Nothing']", ["Sad"]),
        ("Artist IN ['Other', 'Nobody']", ["Loud"]),
        ("\"Year\" < 2000 OR Song = 'Loud'", ["Happy", "Loud"]),
        ("Song <> 'Sad' AND Artist = 'Acme'", ["Happy", "Slow"]),
        ('NOT "Year" = 2005', ["Happy"]),
        ("contains(Song, 'l') AND size(Song) = 4", ["Slow"]),
        ("Nothing IS MISSING AND Artist = 'Other'", ["Loud"]),
        ("Nothing IS NOT MISSING", []),
        ("attribute_type(Awards, 'N') AND Awards IS NOT NULL AND Artist = 'Other'", ["Loud"]),
        ("Artist = 'Nobody'", []),
    ],
)
def test_a_select_finds_what_its_where_says(filled, where, found):
    assert sorted(songs(filled(f"SELECT * FROM Music WHERE {where}"))) == found


def test_a_select_without_where_finds_everything(filled):
    assert len(filled("SELECT Artist, Song FROM Music")["Items"]) == 4


def test_a_select_gives_the_paths_that_it_names(music):
    music("INSERT INTO Music VALUE {'Artist': 'a', 'Song': 's', 'm': {'k': [10, 20]}, 'other': 1}")
    answer = music("SELECT Song, m.k[1] FROM Music WHERE Artist = 'a' AND Song = 's'")
    assert answer["Items"] == [{"Song": {"S": "s"}, "k[1]": {"N": "20"}}]


def test_a_select_reads_an_index(filled):
    assert sorted(songs(filled('SELECT * FROM "Music"."by-year" WHERE "Year" = ?', 2005))) == ["Loud", "Sad", "Slow"]
    with pytest.raises(ClientError, match="nothing"):
        filled('SELECT * FROM "Music"."nothing"')


def test_a_select_is_ordered_by_its_sort_key(filled):
    assert songs(filled("SELECT * FROM Music WHERE Artist = 'Acme' ORDER BY Song DESC")) == ["Slow", "Sad", "Happy"]
    assert songs(filled("SELECT * FROM Music WHERE Artist = 'Acme' ORDER BY Song")) == ["Happy", "Sad", "Slow"]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("SELECT * FROM Music ORDER BY Song", "Must have WHERE clause in the statement when using ORDER BY clause."),
        ("SELECT * FROM Music WHERE Song = 'a' ORDER BY Song", "non-optional hash key condition"),
        ("SELECT * FROM Music WHERE Artist = 'a' ORDER BY Awards", "must be part of the primary key"),
    ],
)
def test_an_order_that_no_key_gives_is_refused(filled, statement, message):
    with pytest.raises(ClientError, match=message):
        filled(statement)


def test_a_select_comes_in_pages(filled):
    statement, found, token = "SELECT * FROM Music WHERE Artist = 'Acme'", [], {}
    for _ in range(3):
        answer = filled(statement, Limit=1, **token)
        found += songs(answer)
        token = {"NextToken": answer["NextToken"]}
    assert found == ["Happy", "Sad", "Slow"]
    with pytest.raises(ClientError, match="NextToken does not match request"):
        filled("SELECT * FROM Music", **token)
    with pytest.raises(ClientError, match="Invalid NextToken"):
        filled(statement, NextToken="nonsense")


# -- UPDATE


def test_an_update_sets_and_removes(ddb, filled):
    answer = filled(
        "UPDATE Music SET Awards = Awards + 1 SET Detail = {'Grammys': [2020]} REMOVE \"Year\" "
        "WHERE Artist = 'Acme' AND Song = 'Sad' RETURNING ALL NEW *"
    )
    (item,) = answer["Items"]
    assert item == {
        "Artist": {"S": "Acme"},
        "Song": {"S": "Sad"},
        "Awards": {"N": "1"},
        "Detail": {"M": {"Grammys": {"L": [{"N": "2020"}]}}},
    }
    changed = filled(
        "UPDATE Music SET Detail.Grammys = list_append(Detail.Grammys, [2021]) "
        "WHERE Artist = 'Acme' AND Song = 'Sad' RETURNING MODIFIED OLD *"
    )
    assert changed["Items"] == [{"Detail": {"M": {"Grammys": {"L": [{"N": "2020"}]}}}}]


def test_an_update_changes_sets(filled):
    where = "WHERE Artist = 'Acme' AND Song = 'Sad' RETURNING MODIFIED NEW *"
    filled(f"UPDATE Music SET Colors = <<'red', 'blue'>> {where}")
    added = filled(f"UPDATE Music SET Colors = set_add(Colors, <<'green'>>) {where}")
    assert added["Items"] == [{"Colors": {"SS": ["blue", "green", "red"]}}]
    taken = filled(f"UPDATE Music SET Colors = set_delete(Colors, <<'red', 'blue'>>) {where}")
    assert taken["Items"] == [{"Colors": {"SS": ["green"]}}]


def test_an_update_makes_no_item(ddb, music):
    with pytest.raises(ddb.exceptions.ConditionalCheckFailedException):
        music("UPDATE Music SET v = 1 WHERE Artist = 'a' AND Song = 's'")
    assert music("SELECT * FROM Music")["Items"] == []


def test_an_update_holds_to_its_conditions(ddb, filled):
    where = "WHERE Artist = 'Acme' AND Song = 'Sad' AND Awards > 5"
    with pytest.raises(ddb.exceptions.ConditionalCheckFailedException) as refused:
        filled(f"UPDATE Music SET Awards = 9 {where}", ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert refused.value.response["Item"]["Awards"] == {"N": "0"}


@pytest.mark.parametrize(
    "statement", ["UPDATE Music SET v = 1 WHERE Artist = 'a'", "DELETE FROM Music WHERE Song = 's'"]
)
def test_a_write_has_to_name_the_whole_key(music, statement):
    with pytest.raises(ClientError, match="Where clause does not contain a mandatory equality on all key attributes"):
        music(statement)


# -- DELETE


def test_a_delete_removes_one_item(filled):
    answer = filled("DELETE FROM Music WHERE Artist = 'Acme' AND Song = 'Sad' RETURNING ALL OLD *")
    assert answer["Items"][0]["Year"] == {"N": "2005"}
    assert sorted(songs(filled("SELECT * FROM Music"))) == ["Happy", "Loud", "Slow"]
    assert filled("DELETE FROM Music WHERE Artist = 'Acme' AND Song = 'Sad'")["Items"] == []


def test_a_delete_holds_to_its_conditions(ddb, filled):
    with pytest.raises(ddb.exceptions.ConditionalCheckFailedException):
        filled("DELETE FROM Music WHERE Artist = 'Acme' AND Song = 'Sad' AND Awards = 7")


# -- what is no statement


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DROP TABLE Music", "Statement wasn't well formed, can't be processed: Expected data manipulation"),
        ("SELECT * Music", "Expected FROM, got Music"),
        ("SELECT * FROM Music WHERE", "Expected a value, got end of statement"),
        ("SELECT * FROM Music WHERE Artist = 'a", "Unexpected character"),
        ("SELECT * FROM Music WHERE Artist = 'a' LIMIT 1", "Unsupported clause: LIMIT at 1:46:1"),
        ("SELECT * FROM Music WHERE lower(Artist) = 'a'", "Invalid function name; function: lower"),
        ("INSERT INTO Music VALUE [1]", "must be a map"),
        ("SELECT * FROM Music WHERE Artist = ?", "Number of parameters in request and statement don't match."),
        ("SELECT * FROM Music WHERE " + "(" * 300 + "a = 1" + ")" * 300, "Nesting"),
    ],
)
def test_what_is_no_statement_is_refused_with_the_place(music, statement, message):
    with pytest.raises(ClientError, match=r"ValidationException") as refused:
        music(statement)
    assert message in str(refused.value)


def test_too_many_parameters_are_refused(music):
    with pytest.raises(ClientError, match=r"Number of parameters in request and statement don't match\."):
        music("SELECT * FROM Music", "a")


def test_an_unknown_table_is_not_found(ddb, music):
    with pytest.raises(ddb.exceptions.ResourceNotFoundException):
        music("SELECT * FROM Nothing")


# -- several


def insert(song, **more):
    return {"Statement": f"INSERT INTO Music VALUE {{'Artist': 'Acme', 'Song': '{song}'}}", **more}


def get(song):
    return {"Statement": "SELECT * FROM Music WHERE Artist = 'Acme' AND Song = ?", "Parameters": [{"S": song}]}


def test_the_statements_of_a_batch_stand_for_themselves(ddb, filled):
    answer = ddb.batch_execute_statement(Statements=[insert("New"), insert("Sad"), {"Statement": "nonsense"}])
    codes = [response.get("Error", {}).get("Code") for response in answer["Responses"]]
    assert codes == [None, "DuplicateItem", "ValidationError"]
    read = ddb.batch_execute_statement(Statements=[get("New"), get("Nothing")])["Responses"]
    assert [response.get("Item", {}).get("Song") for response in read] == [{"S": "New"}, None]
    assert {response["TableName"] for response in read} == {"Music"}


def test_a_batch_reads_by_whole_keys_and_does_not_mix(ddb, filled):
    (response,) = ddb.batch_execute_statement(Statements=[{"Statement": "SELECT * FROM Music"}])["Responses"]
    assert response["Error"]["Code"] == "ValidationError"
    with pytest.raises(ClientError, match="Read and write requests together"):
        ddb.batch_execute_statement(Statements=[insert("Mixed"), get("Sad")])
    assert "Mixed" not in songs(filled("SELECT * FROM Music"))


def test_deleting_what_is_not_there_succeeds_whatever_the_conditions(ddb, filled):
    filled("DELETE FROM Music WHERE Artist = 'Acme' AND Song = 'None' AND Awards = 7")
    with pytest.raises(ddb.exceptions.ConditionalCheckFailedException):
        filled("DELETE FROM Music WHERE Artist = 'Acme' AND Song = 'Sad' AND Awards = 7")


def test_only_sets_are_added_to_sets(filled):
    with pytest.raises(ClientError, match="The second argument to SET_ADD must be a value with type SET"):
        filled("UPDATE Music SET Tags = set_add(Tags, 1) WHERE Artist = 'Acme' AND Song = 'Sad'")


def test_missing_is_asked_for_by_is(filled):
    with pytest.raises(ClientError, match="MISSING must be compared using IS operator"):
        filled("SELECT * FROM Music WHERE Awards = MISSING")


def test_a_transaction_returns_no_items_of_writes(ddb, filled):
    update = "UPDATE Music SET Awards = 3 WHERE Artist = 'Acme' AND Song = 'Sad' RETURNING ALL NEW *"
    with pytest.raises(ClientError, match=r"TransactStatements\[0\]: RETURNING clause is not supported"):
        ddb.execute_transaction(TransactStatements=[{"Statement": update}])


def test_a_transaction_is_all_or_nothing(ddb, filled):
    change = {"Statement": "UPDATE Music SET Awards = 3 WHERE Artist = 'Acme' AND Song = 'Happy'"}
    there = {"Statement": "EXISTS(SELECT * FROM Music WHERE Artist = 'Other' AND Song = 'Loud' AND Awards = 0)"}
    remove = {"Statement": "DELETE FROM Music WHERE Artist = 'Acme' AND Song = 'Slow'"}
    ddb.execute_transaction(TransactStatements=[insert("New"), change, there, remove])
    assert sorted(songs(filled("SELECT * FROM Music"))) == ["Happy", "Loud", "New", "Sad"]
    with pytest.raises(ddb.exceptions.TransactionCanceledException) as refused:
        ddb.execute_transaction(TransactStatements=[insert("Newer"), insert("New")])
    reasons = refused.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "DuplicateItem"]
    assert "Newer" not in songs(filled("SELECT * FROM Music"))


def test_a_transaction_reads_a_moment(ddb, filled):
    answer = ddb.execute_transaction(TransactStatements=[get("Happy"), get("Nothing")])
    assert [response.get("Item", {}).get("Song") for response in answer["Responses"]] == [{"S": "Happy"}, None]


def test_permission_is_asked_for_by_its_own_actions(aws, ddb, filled):
    import json

    iam = aws("iam")
    iam.create_user(UserName="reader")
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    policy = {"Statement": [{"Effect": "Allow", "Action": "dynamodb:PartiQLSelect", "Resource": "*"}]}
    document = json.dumps({"Version": "2012-10-17", **policy})
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=document)
    reader = aws("dynamodb", credentials=key)
    assert len(reader.execute_statement(Statement="SELECT * FROM Music")["Items"]) == 4
    with pytest.raises(ClientError, match="dynamodb:PartiQLDelete"):
        reader.execute_statement(Statement="DELETE FROM Music WHERE Artist = 'Acme' AND Song = 'Sad'")
