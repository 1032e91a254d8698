"""The bytes of objects: how they come in, lie, are checked and go out."""
