"""The refusals of S3 Select: codes and sentences of "List of SELECT Object Content Error Codes".

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#SelectObjectContentErrorCodeList
"""

from __future__ import annotations

from fogbank.kernel import AWSError


def refusal(code: str, detail: str = "") -> AWSError:
    """The error of that code, in S3's sentence; `detail` says what it is about."""
    message = MESSAGES[code]
    return AWSError(code, f"{message} {detail}" if detail else message, 400)


def engine_missing(extra: str) -> AWSError:
    """The extra that reads such objects is not installed."""
    return AWSError(
        "NotImplemented",
        f"S3 Select reads Parquet with DuckDB, which is not installed here: pip install 'fogbank[{extra}]'",
        501,
    )


MESSAGES = {
    "AmbiguousFieldName": "Field name matches to multiple fields in the file. Check the SQL expression and the file, and try again.",
    "CastFailed": "Attempt to convert from one data type to another using CAST failed in the SQL expression.",
    "EvaluatorInvalidArguments": "Incorrect number of arguments in the function call in the SQL expression.",
    "EvaluatorInvalidTimestampFormatPattern": "Timestamp format string in the SQL expression is invalid.",
    "EvaluatorInvalidTimestampFormatPatternSymbol": "Timestamp format pattern contains an invalid symbol in the SQL expression.",
    "EvaluatorNegativeLimit": "LIMIT must not be negative.",
    "EvaluatorUnterminatedTimestampFormatPatternToken": (
        "Timestamp format pattern contains unterminated token in the SQL expression."
    ),
    "ExpressionTooLong": "The SQL expression is too long: The maximum byte-length for the SQL expression is 256 KB.",
    "ExternalEvalException": "The query cannot be evaluated. Check the file and try again.",
    "IllegalSqlFunctionArgument": "Illegal argument was used in the SQL function.",
    "IncorrectSqlFunctionArgumentType": "Incorrect type of arguments in function call in the SQL expression.",
    "IntegerOverflow": "Int overflow or underflow in the SQL expression.",
    "InvalidColumnIndex": "The column index in the SQL expression is not valid.",
    "InvalidCompressionFormat": "The file is not in a supported compression format. Only GZIP and BZIP2 are supported.",
    "InvalidDataSource": "Invalid data source type. Only CSV, JSON, and Parquet are supported.",
    "InvalidDataType": "The SQL expression contains an invalid data type.",
    "InvalidExpressionType": "The ExpressionType is invalid. Only SQL expressions are supported.",
    "InvalidFileHeaderInfo": "The FileHeaderInfo is invalid. Only NONE, USE, and IGNORE are supported.",
    "InvalidJsonType": "The JsonType is invalid. Only DOCUMENT and LINES are supported.",
    "InvalidKeyPath": "Key path in the SQL expression is invalid.",
    "InvalidQuoteFields": "The QuoteFields is invalid. Only ALWAYS and ASNEEDED are supported.",
    "InvalidRequestParameter": (
        "The value of a parameter in SelectRequest element is invalid. Check the service API documentation and try again."
    ),
    "InvalidScanRange": "The value of a parameter in ScanRange element is invalid. Check the service API documentation and try again.",
    "InvalidTableAlias": "The SQL expression contains an invalid table alias.",
    "InvalidTextEncoding": "Invalid encoding type. Only UTF-8 encoding is supported.",
    "JSONParsingError": "Encountered an error parsing the JSON file. Check the file and try again.",
    "LexerInvalidChar": "The SQL expression contains an invalid character.",
    "LexerInvalidIONLiteral": "The SQL expression contains an invalid ION literal.",
    "LexerInvalidLiteral": "The SQL expression contains an invalid literal.",
    "LikeInvalidInputs": "Invalid argument given to the LIKE clause in the SQL expression.",
    "EvaluatorLikePatternInvalidEscapeSequence": "An argument given to the LIKE expression was not valid.",
    "MissingHeaders": "Some headers in the query are missing from the file. Check the file and try again.",
    "MissingRequiredParameter": (
        "The SelectRequest entity is missing a required parameter. Check the service documentation and try again."
    ),
    "MultipleDataSourcesUnsupported": "Multiple data sources are not supported.",
    "ObjectSerializationConflict": (
        "The SelectRequest entity can only contain one of CSV or JSON. Check the service documentation and try again."
    ),
    "OverMaxRecordSize": "The length of a record in the input or result is greater than maxCharsPerRecord of 1 MB.",
    "ParquetParsingError": "Encountered an error parsing the Parquet file. Check the file and try again.",
    "ParseAsteriskIsNotAloneInSelectList": (
        "Other expressions are not allowed in the SELECT list when '*' is used without dot notation in the SQL expression."
    ),
    "ParseCastArity": "The SQL expression CAST has incorrect arity.",
    "ParseEmptySelect": "The SQL expression contains an empty SELECT.",
    "ParseExpectedArgumentDelimiter": "Did not find the expected argument delimiter in the SQL expression.",
    "ParseExpectedDatePart": "Did not find the expected date part in the SQL expression.",
    "ParseExpectedExpression": "Did not find the expected SQL expression.",
    "ParseExpectedIdentForAlias": "Did not find the expected identifier for the alias in the SQL expression.",
    "ParseExpectedKeyword": "Did not find the expected keyword in the SQL expression.",
    "ParseExpectedLeftParenAfterCast": "Did not find expected left parenthesis in the SQL expression.",
    "ParseExpectedLeftParenValueConstructor": "Did not find expected the left parenthesis in the SQL expression.",
    "ParseExpectedNumber": "Did not find the expected number in the SQL expression.",
    "ParseExpectedRightParenBuiltinFunctionCall": (
        "Did not find the expected right parenthesis character in the SQL expression."
    ),
    "ParseExpectedTokenType": "Did not find the expected token in the SQL expression.",
    "ParseExpectedTypeName": "Did not find the expected type name in the SQL expression.",
    "ParseExpectedWhenClause": "Did not find the expected WHEN clause in the SQL expression. CASE is not supported.",
    "ParseInvalidPathComponent": "The SQL expression contains an invalid path component.",
    "ParseInvalidTypeParam": "The SQL expression contains an invalid parameter value.",
    "ParseMalformedJoin": "JOIN is not supported in the SQL expression.",
    "ParseNonUnaryAgregateFunctionCall": "Only one argument is supported for aggregate functions in the SQL expression.",
    "ParseSelectMissingFrom": "The SQL expression is missing the FROM clause.",
    "ParseUnexpectedKeyword": "The SQL expression contains an unexpected keyword.",
    "ParseUnexpectedOperator": "The SQL expression contains an unexpected operator.",
    "ParseUnexpectedToken": "The SQL expression contains an unexpected token.",
    "ParseUnsupportedCallWithStar": "Only COUNT with (*) as a parameter is supported in the SQL expression.",
    "ParseUnsupportedSelect": "The SQL expression contains an unsupported use of SELECT.",
    "ParseUnsupportedSyntax": "The SQL expression contains unsupported syntax.",
    "TruncatedInput": (
        "Object decompression failed. Check that the object is properly compressed using the format specified in the request."
    ),
    "UnsupportedFunction": "Encountered an unsupported SQL function.",
    "UnsupportedRangeHeader": "Range header is not supported for this operation.",
    "UnsupportedScanRangeInput": "Scan range queries are not supported on this type of object. "
    "Only uncompressed CSV without quoted record delimiters, JSON of type LINES and Parquet can be scanned in ranges.",
    "UnsupportedSqlStructure": "Encountered an unsupported SQL structure. Check the SQL Reference.",
    "ValueParseFailure": "Timestamp parse failure in the SQL expression.",
}
