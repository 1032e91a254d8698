"""The metadata of Iceberg tables, as values: https://iceberg.apache.org/spec/#table-metadata-fields"""
