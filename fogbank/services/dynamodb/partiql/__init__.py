"""PartiQL for DynamoDB. A statement is parsed into a tree (`parser`), the tree becomes an ordinary request of the API (`plans`), and that
is carried out like any other (`statements`).

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
"""
