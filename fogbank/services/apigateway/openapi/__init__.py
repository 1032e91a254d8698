"""REST APIs from OpenAPI documents, and OpenAPI documents from REST APIs."""
